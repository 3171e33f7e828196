// A user's program whose broker answers HTTP, until a line comes. It includes nothing of Boost's.
#include <iostream>

#include <pocketmq/broker/embedded_http.hpp>

int main() {
  pocketmq::broker::Embedded broker{{}, nullptr, {.http = pocketmq::broker::with_http()}};
  std::cout << broker.port() << std::endl;
  std::cin.get();
}
