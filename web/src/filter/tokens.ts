// SPDX-License-Identifier: Apache-2.0
// Cuts a filter into words, brackets, commas and quoted values. An unfinished filter is no error: it is
// what a filter bar sees most.

export type TokenKind = "word" | "quoted" | "open" | "close" | "comma";

export interface Token {
  kind: TokenKind;
  text: string; // of a quoted value: what stands in the quotes
  begin: number;
  end: number;
  closed: boolean; // false: a quoted value without its closing mark
}

const isBlank = (c: string): boolean => c === " " || c === "\t" || c === "\n" || c === "\r";
const endsWord = (c: string): boolean => isBlank(c) || c === "(" || c === ")" || c === "," || c === "'" || c === '"';

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const kinds: { [c: string]: TokenKind } = { "(": "open", ")": "close", ",": "comma" };
  let at = 0;
  while (at < text.length) {
    const c = text.charAt(at);
    const kind = kinds[c];
    if (isBlank(c)) at += 1;
    else if (kind) {
      tokens.push({ kind, text: c, begin: at, end: at + 1, closed: true });
      at += 1;
    } else {
      const token = c === "'" || c === '"' ? quoted(text, at) : word(text, at);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function word(text: string, begin: number): Token {
  let end = begin;
  while (end < text.length && !endsWord(text.charAt(end))) end += 1;
  return { kind: "word", text: text.slice(begin, end), begin, end, closed: true };
}

// \' \" \\ and a doubled mark stand for themselves; any other backslash is a backslash.
function quoted(text: string, begin: number): Token {
  const mark = text.charAt(begin);
  let value = "";
  let at = begin + 1;
  while (at < text.length) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    if (c === "\\" && (next === "'" || next === '"' || next === "\\")) {
      value += next;
      at += 2;
    } else if (c === mark && next === mark) {
      value += mark;
      at += 2;
    } else if (c === mark) {
      return { kind: "quoted", text: value, begin, end: at + 1, closed: true };
    } else {
      value += c;
      at += 1;
    }
  }
  return { kind: "quoted", text: value, begin, end: at, closed: false };
}
