// The methods of class tx (AMQP 0-9-1 1.9).
#pragma once

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol::tx {

struct SelectOk;
struct CommitOk;
struct RollbackOk;

struct Select {
  static constexpr MethodId id{90, 10, "tx.select"};
  using Reply = SelectOk;

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const Select&, const Select&) = default;
};

struct SelectOk {
  static constexpr MethodId id{90, 11, "tx.select-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const SelectOk&, const SelectOk&) = default;
};

struct Commit {
  static constexpr MethodId id{90, 20, "tx.commit"};
  using Reply = CommitOk;

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const Commit&, const Commit&) = default;
};

struct CommitOk {
  static constexpr MethodId id{90, 21, "tx.commit-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const CommitOk&, const CommitOk&) = default;
};

struct Rollback {
  static constexpr MethodId id{90, 30, "tx.rollback"};
  using Reply = RollbackOk;

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const Rollback&, const Rollback&) = default;
};

struct RollbackOk {
  static constexpr MethodId id{90, 31, "tx.rollback-ok"};

  static constexpr void describe(auto&, auto&&) {}
  friend bool operator==(const RollbackOk&, const RollbackOk&) = default;
};

}  // namespace pocketmq::protocol::tx
