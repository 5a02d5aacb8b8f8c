// SPDX-License-Identifier: Apache-2.0
// What stands for the functions of a library that is loaded later, on x86-64. tools/later-calls.sh
// writes the file that uses it.
//
//   NAME:        jump to where NAME's place says
//   NAME first:  keep which place it is and what the call gave in registers; load; jump to the
//   place
//
// At first each place says "NAME first". The symbols are hidden: libraries that are loaded have
// their own way to each other.
#pragma once

#include "base/later_library.hpp"

#define ENDREASON_LATER_CALL(name)                                         \
  ".globl " #name "\n.hidden " #name "\n.type " #name ",@function\n" #name \
  ":\n"                                                                    \
  ".cfi_startproc\n jmp *.Lplace_" #name                                   \
  "(%rip)\n"                                                               \
  ".Lfirst_" #name ":\n lea .Lplace_" #name                                \
  "(%rip), %r11\n jmp 99b\n"                                               \
  ".cfi_endproc\n.size " #name ",.-" #name "\n"
#define ENDREASON_LATER_PLACE(name) ".Lplace_" #name ": .quad .Lfirst_" #name "\n"
#define ENDREASON_LATER_NAME(name) ".string \"" #name "\"\n"

// Seven registers of whole numbers (with AL, the number of the vector ones) and eight vector ones.
#define ENDREASON_LATER_LOAD(id)                                                \
  "99:\n.cfi_startproc\n"                                                       \
  " push %r11\n push %rax\n push %rdi\n push %rsi\n push %rdx\n push %rcx\n"    \
  " push %r8\n push %r9\n.cfi_adjust_cfa_offset 64\n"                           \
  " sub $136, %rsp\n.cfi_adjust_cfa_offset 136\n"                               \
  " movups %xmm0, (%rsp)\n movups %xmm1, 16(%rsp)\n movups %xmm2, 32(%rsp)\n"   \
  " movups %xmm3, 48(%rsp)\n movups %xmm4, 64(%rsp)\n movups %xmm5, 80(%rsp)\n" \
  " movups %xmm6, 96(%rsp)\n movups %xmm7, 112(%rsp)\n"                         \
  " call endreason_load_" #id                                                   \
  "\n"                                                                          \
  " movups (%rsp), %xmm0\n movups 16(%rsp), %xmm1\n movups 32(%rsp), %xmm2\n"   \
  " movups 48(%rsp), %xmm3\n movups 64(%rsp), %xmm4\n movups 80(%rsp), %xmm5\n" \
  " movups 96(%rsp), %xmm6\n movups 112(%rsp), %xmm7\n"                         \
  " add $136, %rsp\n.cfi_adjust_cfa_offset -136\n"                              \
  " pop %r9\n pop %r8\n pop %rcx\n pop %rdx\n pop %rsi\n pop %rdi\n pop %rax\n" \
  " pop %r11\n.cfi_adjust_cfa_offset -64\n jmp *(%r11)\n.cfi_endproc\n"

// `calls`: a macro that puts each of the library's functions into another.
#define ENDREASON_LATER_LIBRARY(id, file, package, calls)                                          \
  asm(".pushsection .text\n" ENDREASON_LATER_LOAD(id) calls(ENDREASON_LATER_CALL)                \
      ".popsection\n.pushsection .data\n.balign 8\n.hidden endreason_places_" #id "\n"                        \
      ".globl endreason_places_" #id "\nendreason_places_" #id ":\n"                \
      calls(ENDREASON_LATER_PLACE)                                                  \
      ".popsection\n.pushsection .rodata\n.hidden endreason_names_" #id "\n"                         \
      ".globl endreason_names_" #id "\nendreason_names_" #id ":\n"                  \
      calls(ENDREASON_LATER_NAME) ".byte 0\n.popsection\n"); \
  extern "C" {                                                                                     \
  extern void* endreason_places_##id[];                                                            \
  extern const char endreason_names_##id[];                                                        \
  [[gnu::used, gnu::visibility("hidden")]] void endreason_load_##id() {                            \
    endreason::load_now({file, package, endreason_names_##id, endreason_places_##id});             \
  }                                                                                                \
  }
