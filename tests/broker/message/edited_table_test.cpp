#include "broker/message/edited_table.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using broker::EditedTable;
using Table = protocol::FieldTableWriter;

TEST_CASE("an edited table is sorted by name and otherwise as it was") {
  const auto before = Table{}.int32("z", 1).string("a", "x").int32("m", 2).int32("m", 3);
  CHECK(EditedTable{before.table()}.sorted().table()
        == Table{}.string("a", "x").int32("m", 2).int32("m", 3).int32("z", 1).table());
}

TEST_CASE("a field of an edited table is set replaced and removed") {
  const auto before = Table{}.int32("b", 1).int32("c", 2).int32("b", 3);
  EditedTable edited{before.table()};
  REQUIRE(edited.find("b") != nullptr);
  CHECK(edited.find("b")->integer() == 1);
  edited.set("b", {'S', "new"});
  edited.set("a", {'S', "first"});
  edited.remove("c");
  edited.remove("nothing");
  CHECK(edited.find("c") == nullptr);
  CHECK(edited.sorted().table() == Table{}.string("a", "first").string("b", "new").table());
}

TEST_CASE("an edited table may be empty") { CHECK(EditedTable{{}}.sorted().table().empty()); }

}  // namespace pocketmq::tests
