# Copies the headers of `source` to `staged`/pocketmq, as users include them. Here headers include each other from the
# root, "protocol/vocabulary/method.hpp"; there they say "pocketmq/protocol/vocabulary/method.hpp", so that a user's own client/ or server/
# folder can never be taken for ours. What has not changed is not written.
#
# `headers`: those that it found, with their full paths.
set(headers)
foreach(folder protocol broker client server)
  file(GLOB_RECURSE found "${source}/${folder}/*.hpp")
  list(APPEND headers ${found})
endforeach()

set(staged_headers)
foreach(header IN LISTS headers)
  file(RELATIVE_PATH name "${source}" "${header}")
  file(READ "${header}" text)
  string(REGEX REPLACE "(#include \")((protocol|broker|client|server)/)" "\\1pocketmq/\\2" text "${text}")
  set(copy "${staged}/pocketmq/${name}")
  list(APPEND staged_headers "${copy}")
  set(before)
  if(EXISTS "${copy}")
    file(READ "${copy}" before)
  endif()
  if(NOT text STREQUAL before)
    file(WRITE "${copy}" "${text}")
  endif()
endforeach()

# Headers of an earlier version.
file(GLOB_RECURSE left_over "${staged}/pocketmq/*")
list(REMOVE_ITEM left_over ${staged_headers})
if(left_over)
  file(REMOVE ${left_over})
endif()
