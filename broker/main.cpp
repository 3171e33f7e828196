// pocketmq-broker: the broker as a program.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/signal_set.hpp>

#include "broker/definition.hpp"
#include "broker/heap_trim.hpp"
#include "broker/listener.hpp"
#include "broker/trace_log.hpp"
#include "broker/version.hpp"

namespace {

using namespace pocketmq;

constexpr std::chrono::seconds grace{1};
constexpr std::uint64_t message_size_ceiling = 536'870'912;  // RabbitMQ's

struct Arguments {
  std::uint16_t port{5672};
  std::string bind{"127.0.0.1"};
  std::string port_file{};
  std::string trace{};  // "text" or "json"; empty for none
  std::string definitions{};
  std::vector<std::string> users{};  // NAME:PASSWORD
  broker::Options options{};
};

// The file is there with its whole content, or not there.
void write_port_file(const std::string& path, std::uint16_t port) {
  const auto temporary = path + ".tmp";
  std::ofstream file{temporary};
  file << port << '\n';
  file.close();
  if (!file) throw std::runtime_error{"cannot write " + temporary + "; name a file in a folder that may be written"};
  std::filesystem::rename(temporary, path);
}

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  if (!file || std::filesystem::is_directory(path))
    throw std::runtime_error{"cannot read " + path + "; name a file that is there and may be read"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

broker::Options options_of(const Arguments& arguments) {
  auto options = arguments.options;
  options.seed = std::random_device{}();
  for (const auto& user : arguments.users) {
    const auto colon = user.find(':');
    options.users.push_back({.name = user.substr(0, colon), .password = user.substr(colon + 1)});
  }
  if (!arguments.definitions.empty()) options.definitions = read_file(arguments.definitions);
  return options;
}

// Two fifths of what the machine has, as RabbitMQ.
std::size_t default_memory_max() {
  const auto bytes =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
  return bytes / 5 * 2;
}

void add_limits(CLI::App& app, broker::Options& options) {
  const auto limit = [&](const char* flag, auto& value, const char* what) {
    return app.add_option(flag, value, what)->capture_default_str()->group("Limits");
  };
  const auto size = CLI::AsSizeValue{false};
  limit("--connection-max", options.connection_max, "open connections");
  limit("--channel-max", options.channel_max, "open channels of a connection")->check(CLI::Range{1, 65'535});
  limit("--queue-max", options.queue_max, "queues, in all virtual hosts");
  limit("--exchange-max", options.exchange_max, "exchanges, beside those that are there from the start");
  limit("--consumer-max", options.consumer_max, "consumers");
  limit("--binding-max", options.binding_max, "bindings");
  limit("--argument-bytes-max", options.argument_bytes_max,
        "bytes of arguments that queues, exchanges and bindings keep, all together")
      ->transform(size);
  limit("--message-size-max", options.limits.body_max_bytes, "bytes of a message's body; '16MB' is understood")
      ->transform(size)
      ->check(CLI::Range{std::uint64_t{1}, message_size_ceiling});
  options.memory_max_bytes = default_memory_max();
  limit("--memory-max", options.memory_max_bytes,
        "bytes that the broker may hold for its clients; from there on, publishers wait")
      ->transform(size);
}

int run(const Arguments& arguments) {
  std::optional<broker::TraceLog> trace;
  using Format = broker::TraceLog::Format;
  if (!arguments.trace.empty()) trace.emplace(std::cerr, arguments.trace == "json" ? Format::json : Format::text);
  asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE};  // this thread is the only one
  std::optional<broker::Broker> broker;
  try {
    broker.emplace(options_of(arguments), trace ? &*trace : nullptr);
  } catch (const broker::DefinitionsError& error) {
    throw std::runtime_error{arguments.definitions + ": " + error.what()};
  }
  for (const auto& warning : broker->warnings())
    std::cerr << "pocketmq-broker: warning: " << arguments.definitions << ": " << warning << '\n';

  std::optional<broker::Listener> listener;
  try {
    listener.emplace(context, *broker, asio::ip::tcp::endpoint{asio::ip::make_address(arguments.bind), arguments.port});
  } catch (const std::system_error& error) {
    throw std::runtime_error{"cannot listen on " + arguments.bind + ":" + std::to_string(arguments.port) + ": "
                             + error.code().message() + "; choose another --port (0 takes a free one) or --bind"};
  }
  asio::signal_set signals{context, SIGINT, SIGTERM};
  signals.async_wait([&](std::error_code, int) { listener->stop("the broker is shutting down", grace); });

  const auto address = listener->address();
  if (!arguments.port_file.empty()) write_port_file(arguments.port_file, address.port());
  std::cout << "ready on " << address << std::endl;
  context.run();
  return 0;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what CLI11 throws before the parse is a fault in these lines
int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"PocketMQ: a message broker that fits in a test process. Speaks AMQP 0-9-1 and JSON on one port."};
  app.set_version_flag("--version", std::string{broker::version});
  app.add_option("--port", arguments.port, "TCP port, 0 for a free one")->capture_default_str();
  app.add_option("--bind", arguments.bind, "address to listen on; guest may log in from loopback only")
      ->capture_default_str()
      ->check(CLI::ValidIPV4);
  app.add_option("--port-file", arguments.port_file, "write the port to this file once it is open");
  app.add_option("--trace", arguments.trace, "write each command to standard error, as text (the default) or json")
      ->expected(0, 1)
      ->default_str("text")
      ->check(CLI::IsMember{{"text", "json"}});
  app.add_option_function<std::uint32_t>(
         "--consumer-timeout",
         [&](std::uint32_t seconds) { arguments.options.consumer_timeout = std::chrono::seconds{seconds}; },
         "seconds a delivery may stay unacked before its channel is closed, 0 for ever")
      ->default_str("1800");
  app.add_option("--definitions", arguments.definitions,
                 "load users, permissions, queues, ... from a file that RabbitMQ exported, in its JSON format");
  app.add_option("--user", arguments.users,
                 "let this user log in, who may do everything; one of the definitions keeps the permissions")
      ->type_name("NAME:PASSWORD")
      ->allow_extra_args(false)
      ->check([](const std::string& user) { return user.find(':') == user.npos ? "no colon in " + user : ""; });
  app.add_option("--vhost", arguments.options.virtual_hosts, "have this virtual host beside /")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_flag("--remote-guest", arguments.options.guest_from_anywhere,
               "let guest log in from other machines, as from this one");
  app.add_option("--product", arguments.options.product, "product name that AMQP clients are told")
      ->capture_default_str();
  add_limits(app, arguments.options);
  CLI11_PARSE(app, argc, argv);

  broker::HeapTrim::take_over();
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::cerr << "pocketmq-broker: " << error.what() << '\n';
    return 1;
  }
}
