// SPDX-License-Identifier: Apache-2.0
// How the process keeps its memory. For main's thread, before there are others.
#pragma once

namespace endreason {

// Tables double again and again: what one gives back, the next takes. Given back to the system, it
// would come back page by page, each of which has to be cleared.
void keep_freed_memory();

// The same, and what is allocated by this thread comes in large pages, where there are any: the
// rooms of the session engine are a few megabytes together, and a fault each 4 KiB of them would
// take as long as a hundred thousand packets on a virtual machine.
void keep_freed_memory_in_large_pages();

}  // namespace endreason
