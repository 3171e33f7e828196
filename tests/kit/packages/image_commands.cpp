// The commands beside the broker in the image. RabbitMQ's image has many, and a shell; what starts containers uses them
// to ask whether the broker is ready, and so these answer that:
//
//     rabbitmq-diagnostics -q ping                (also check_running, check_port_connectivity, status, ...)
//     rabbitmqctl status                          (also await_startup, node_health_check, ...)
//     sh -c 'rabbitmqctl status || exit 1'        (docker's --health-cmd is run by a shell)
//
// Exit codes: 0, 64 for what is not understood, 69 if the broker does not answer, 127 for an unknown command.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Words = std::vector<std::string>;

constexpr int ok = 0, not_understood = 64, unavailable = 69, unknown_command = 127;
constexpr int answer_max_ms = 5'000;
constexpr int startup_max_s = 60;

int refuse(int code, const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return code;
}

std::uint16_t broker_port() {
  const char* port = std::getenv("RABBITMQ_NODE_PORT");
  return static_cast<std::uint16_t>(port != nullptr && *port != '\0' ? std::atoi(port) : 5672);
}

bool arrives(int socket, std::string_view expected) {
  std::array<char, 8> bytes{};
  std::size_t count = 0;
  while (count < expected.size()) {
    pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, answer_max_ms) <= 0) return false;
    const auto received = ::recv(socket, bytes.data() + count, expected.size() - count, 0);
    if (received <= 0) return false;
    count += static_cast<std::size_t>(received);
  }
  return std::string_view{bytes.data(), count} == expected;
}

// Whether the broker answers a client's first bytes with connection.start, in a frame of a method on channel 0.
bool broker_answers() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(broker_port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view protocol_header{"AMQP\x00\x00\x09\x01", 8}, method_frame{"\x01\x00\x00", 3};
  const bool answers = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
                       && ::send(socket, protocol_header.data(), protocol_header.size(), MSG_NOSIGNAL) == 8
                       && arrives(socket, method_frame);
  ::close(socket);
  return answers;
}

int ask_broker() {
  if (broker_answers()) {
    std::puts("PocketMQ answers");
    return ok;
  }
  return refuse(unavailable,
                "nothing answers AMQP on port " + std::to_string(broker_port())
                    + " of this container; is the broker's --port another one? Then set RABBITMQ_NODE_PORT instead");
}

int await_broker() {
  const auto until = std::time(nullptr) + startup_max_s;
  while (!broker_answers() && std::time(nullptr) < until) ::usleep(50'000);
  return ask_broker();
}

// RabbitMQ's commands, from their first word after the options.
int control(const std::string& program, const Words& words) {
  constexpr std::array with_value{"-n", "--node", "-t", "--timeout", "-p", "--vhost", "--formatter"};
  auto word = words.begin();
  while (word != words.end() && word->starts_with('-'))
    word += std::ranges::find(with_value, *word) != with_value.end() && word + 1 != words.end() ? 2 : 1;
  const std::string asked = word == words.end() ? "" : *word;
  constexpr std::array questions{"ping",
                                 "status",
                                 "cluster_status",
                                 "node_health_check",
                                 "is_running",
                                 "check_running",
                                 "check_local_alarms",
                                 "check_alarms",
                                 "check_port_connectivity",
                                 "check_port_listener",
                                 "check_virtual_hosts"};
  if (std::ranges::find(questions, asked) != questions.end()) return ask_broker();
  if (asked == "await_startup" || asked == "await_online_nodes" || asked == "wait") return await_broker();
  return refuse(not_understood,
                "'" + program + " " + asked
                    + "' does not exist in PocketMQ's image, which only answers whether the broker is ready (ping). Users, "
                      "virtual hosts, queues and policies come from RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_VHOST or the "
                      "broker's option --definitions; there are no plugins");
}

int carry_out(Words words) {
  if (words.empty()) return ok;
  const auto program = words.front().substr(words.front().rfind('/') + 1);
  words.erase(words.begin());
  if (program == "rabbitmq-diagnostics" || program == "rabbitmqctl" || program == "rabbitmq-plugins"
      || program == "rabbitmqadmin")
    return control(program, words);
  if (program == "true") return ok;
  if (program == "exit" || program == "false") return words.empty() ? 1 : std::atoi(words.front().c_str());
  return refuse(unknown_command, "'" + program
                                     + "' is not in PocketMQ's image: it has no shell, and of RabbitMQ's commands only those "
                                       "that ask whether the broker is ready, such as 'rabbitmq-diagnostics -q ping'");
}

// A line such as "rabbitmqctl status && rabbitmq-diagnostics ping || exit 1". Redirections to /dev/null mean nothing.
int run_line(std::string line) {
  for (const std::string_view nothing : {">/dev/null", "> /dev/null", "2>&1"})
    for (auto at = line.find(nothing); at != line.npos; at = line.find(nothing)) line.erase(at, nothing.size());
  int code = ok;
  Words words;
  bool is_wanted = true;  // what is before the next operator
  const auto end_of_command = [&] {
    if (is_wanted) code = carry_out(words);
    words.clear();
  };
  for (std::size_t begin = 0; begin < line.size();) {
    const auto end = std::min(line.find_first_of(" \t\n", begin), line.size());
    const auto word = line.substr(begin, end - begin);
    if (word == "&&" || word == "||") {
      end_of_command();
      is_wanted = (code == ok) == (word == "&&");
    } else if (!word.empty()) {
      words.push_back(word);
    }
    begin = end + 1;
  }
  end_of_command();
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  const Words words{arguments, arguments + count};
  const auto program = words.front().substr(words.front().rfind('/') + 1);
  if (program != "sh") return carry_out(words);
  if (count == 3 && words[1] == "-c") return run_line(words[2]);
  return refuse(not_understood, "PocketMQ's image has no shell; it knows 'sh -c COMMAND' for health checks");
}
