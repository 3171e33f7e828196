# Copies the headers that users include, and those that these need, from `source` to `staged`/pocketmq. Here headers
# include each other from the root, "client/stream.hpp"; there they say "pocketmq/client/stream.hpp", so that a user's
# own client/ folder can never be taken for ours. What has not changed is not written. All other headers are internal.
# The test kit's folder tests/kit/ is there pocketmq/testkit/.
#
# `headers`: those that it copied, with their full paths.
cmake_policy(VERSION 3.25)
set(staged_names
  broker/embedded.hpp broker/embedded_http.hpp broker/in_process.hpp broker/inspect.hpp broker/observer.hpp
  client/channel.hpp client/connection.hpp client/middleware.hpp client/procedure.hpp client/rpc_client.hpp
  client/stop_signals.hpp client/stream.hpp
  protocol/url.hpp
  server/middleware.hpp server/rpc_server.hpp
  tests/kit/world.hpp)

set(headers)
set(staged_headers)
while(staged_names)
  list(POP_FRONT staged_names name)
  set(header "${source}/${name}")
  if(header IN_LIST headers)
    continue()
  endif()
  list(APPEND headers "${header}")
  file(READ "${header}" text)

  string(REGEX MATCHALL "#include \"[^\"]+\"" includes "${text}")
  list(TRANSFORM includes REPLACE "#include \"(.*)\"" "\\1")
  list(APPEND staged_names ${includes})

  string(REGEX REPLACE "(#include \")((protocol|broker|client|server)/)" "\\1pocketmq/\\2" text "${text}")
  string(REGEX REPLACE "(#include \")tests/kit/" "\\1pocketmq/testkit/" text "${text}")
  string(REGEX REPLACE "^tests/kit/" "testkit/" copy "${name}")
  set(copy "${staged}/pocketmq/${copy}")
  list(APPEND staged_headers "${copy}")
  set(before)
  if(EXISTS "${copy}")
    file(READ "${copy}" before)
  endif()
  if(NOT text STREQUAL before)
    file(WRITE "${copy}" "${text}")
  endif()
endwhile()

# Headers of an earlier version.
file(GLOB_RECURSE left_over "${staged}/pocketmq/*")
list(REMOVE_ITEM left_over ${staged_headers})
if(left_over)
  file(REMOVE ${left_over})
endif()
