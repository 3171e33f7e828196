// pocketmq-serve: serves a program as a procedure. It runs the program once for each request, with the body on its
// standard input. The reply is what the program writes to its standard output.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "client/values/error.hpp"
#include "client/values/urls.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/base/process_name.hpp"
#include "protocol/base/version.hpp"
#include "protocol/base/whole_number.hpp"
#include "protocol/io/line_writer.hpp"
#include "protocol/vocabulary/limits.hpp"
#include "protocol/vocabulary/reply_code.hpp"
#include "server/rpc_server.hpp"
#include "server/run_command.hpp"

namespace {

using namespace pocketmq;

struct Arguments {
  std::string urls{};
  std::string queue{};
  std::uint16_t prefetch{1};
  bool quorum{false};
  std::vector<std::string> command{};
  std::string name{protocol::process_name("pocketmq-serve")};
};

void describe(CLI::App& app, Arguments& arguments) {
  app.description(
      "pocketmq-serve [OPTIONS] URL QUEUE -- COMMAND...\n"
      "Serves a procedure: each request runs COMMAND, with the request's body on standard input, and its standard\n"
      "output is the reply. An exit status from 65 to 80 fails the call with the code of pocketmq-call's status, any\n"
      "other but 0 with 'internal', and the end of standard error as the message.\n"
      "It is killed, with all that it started, when its caller does not wait any more and when this program ends.\n"
      "What still runs when it exits is killed too. There is no shell: to use one, say -- sh -c '...'");
  app.set_version_flag("--version", std::string{protocol::pocketmq_version});
  app.add_option("URL", arguments.urls, client::urls_help)->required();
  app.add_option("QUEUE", arguments.queue, "the queue of the procedure")->required();
  app.add_option("--prefetch", arguments.prefetch, "how many commands may run at once")
      ->transform(
          CLI::Validator{[](std::string& text) { return protocol::fault_of_whole_number(text, 1, 65'535); }, ""})
      ->capture_default_str();
  app.add_flag("--quorum", arguments.quorum, "use a durable quorum queue");
  app.add_option("--name", arguments.name, "what the broker's log and trace call this program")
      ->default_str("pocketmq-serve and its process number");
  app.callback([&] {
    if (arguments.command.empty()) throw CLI::RequiredError{"-- COMMAND"};
  });
}

server::CommandBounds bounds_of(const server::Context& context) {
  server::CommandBounds bounds{.stop = context.stop_token(), .output_max_bytes = protocol::Limits{}.body_max_bytes};
  const auto left = context.time_left();
  if (left != client::no_timeout) bounds.deadline = std::chrono::steady_clock::now() + left;
  return bounds;
}

const auto precondition_failed = protocol::number_of(protocol::ReplyCode::precondition_failed);

// Starts the server. If the broker refuses the queue because it has another type, the error names the option that
// helps.
void start(server::RpcServer& server, bool quorum) try { server.start(); } catch (const std::system_error& error) {
  const std::string what = error.what();
  const bool is_about_type = error.code() == client::reply_error(precondition_failed)
                             && (what.find("'x-queue-type'") != what.npos || what.find("'durable'") != what.npos);
  if (!is_about_type) throw;
  throw std::runtime_error{what
                           + (quorum ? "; the queue is there and is no quorum queue: leave --quorum out"
                                     : "; if the queue is a quorum queue, give --quorum")};
}

std::string line_of(std::string_view text) { return "pocketmq-serve: " + protocol::printable(text) + '\n'; }

}  // namespace

int main(int argc, char** argv) try {
  // Everything after the first "--" belongs to the command, even if it looks like an option.
  const auto words = std::find(argv, argv + argc, std::string_view{"--"});
  Arguments arguments;
  if (words != argv + argc) arguments.command.assign(words + 1, argv + argc);
  CLI::App app;
  describe(app, arguments);
  CLI11_PARSE(app, static_cast<int>(words - argv), argv);

  std::signal(SIGPIPE, SIG_IGN);  // a command need not read its standard input
  protocol::LineWriter standard_output{STDOUT_FILENO}, standard_error{STDERR_FILENO};
  server::RpcServer server{arguments.urls,
                           {.prefetch = arguments.prefetch,
                            .on_trouble = [&](const std::string& text) { (void)standard_error.write(line_of(text)); },
                            .connection = {.name = arguments.name}}};
  const auto answer = [&](server::Context& context, const client::Bytes& body) {
    return client::Bytes{server::run_command(arguments.command, body.data, bounds_of(context), standard_error)};
  };
  server.serve(arguments.queue, answer,
               {.queue = arguments.quorum ? client::QueueOptions::quorum() : client::QueueOptions{}});
  start(server, arguments.quorum);
  (void)standard_output.write("serving '" + protocol::printable(arguments.queue) + "'\n");
  server.wait({SIGINT, SIGTERM});  // a second signal kills running commands
} catch (const std::exception& error) {
  std::cerr << line_of(error.what());
  return 1;
}
