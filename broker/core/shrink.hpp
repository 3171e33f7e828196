// Hash tables never give buckets back by themselves.
#pragma once

namespace pocketmq::broker {

/// Gives the buckets of a hash table back that was large and has next to nothing in it: to move that costs little.
void shrink_if_nearly_empty(auto& table) {
  if (table.size() < 64 && table.bucket_count() > 4'096) table.rehash(0);
}

}  // namespace pocketmq::broker
