// SPDX-License-Identifier: Apache-2.0
// fmt's functions, which every run calls, as a part of the program: so its library, against which
// all rooms are compiled, need not be loaded at the start.
#include <fmt/format-inl.h>

namespace fmt::detail {
template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template char decimal_point_impl(locale_ref);
}  // namespace fmt::detail
