// The way from a participant of a World to the broker. It can be cut and unplugged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/io/pipe.hpp"
#include "protocol/url.hpp"

namespace pocketmq::testkit {

/// Belongs to the World's thread.
class Cable {
 public:
  /// Connections go to the broker behind `broker`, a pipe's URL.
  Cable(std::string name, const protocol::Url& broker);
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;
  ~Cable();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// For the client at this end.
  [[nodiscard]] const protocol::Url& url() const { return url_; }
  [[nodiscard]] bool is_plugged_in() const;
  /// Connections that both ends still hold.
  [[nodiscard]] std::size_t open_count() const;

  /// Cuts all connections. Bytes on their way are lost.
  void cut();
  /// Cuts all connections, and each new one at once, until `plug_in`.
  void unplug();
  void plug_in();

 private:
  struct Connections;

  const std::string name_;
  std::shared_ptr<Connections> connections_;
  protocol::Url url_;
};

}  // namespace pocketmq::testkit
