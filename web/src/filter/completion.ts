// SPDX-License-Identifier: Apache-2.0
// What may stand at the caret of a filter that is being typed. The server's /columns says which columns
// there are; values that are not in it are asked for (`ask`).
import type { Column, ColumnKind } from "../types";
import { quoteValue } from "./clauses";
import { tokenize, type Token } from "./tokens";

export type Expectation = "field" | "operator" | "value" | "connective";

export interface CaretContext {
  expects: Expectation;
  begin: number; // what is typed of it so far stands from here to the caret
  typed: string;
  quoted: boolean; // an opening quotation mark was typed
  column: string; // of operator and value
  operator: string;
}

export interface Choice {
  text: string; // what is put in
  label: string;
  detail: string;
}

const connectives = ["and", "or"];
const listOperators = new Set(["in", "notin", "has"]);

const operatorsOfKind: { [kind in ColumnKind]: readonly string[] } = {
  text: ["eq", "neq", "contains", "in", "notin"],
  enum: ["eq", "neq", "in", "notin", "contains"],
  address: ["in", "notin", "eq", "neq", "contains"],
  number: ["eq", "neq", "geq", "leq", "gt", "lt", "in", "notin"],
  time: ["geq", "leq", "gt", "lt", "eq", "neq", "in", "notin"],
  flags: ["has", "eq", "neq", "in", "notin"],
};

const operatorMeanings: { [operator: string]: string } = {
  eq: "equals",
  neq: "differs from",
  in: "is one of, or lies in a network or range",
  notin: "is none of, or lies outside",
  contains: "contains, case ignored",
  geq: "at least, or since",
  leq: "at most, or until",
  gt: "more than, or after",
  lt: "less than, or before",
  has: "has the flag",
};

const timeWords = ["now-15m", "now-1h", "now-24h", "now-7d"];

// Reads the tokens before the caret like the grammar does, and remembers what must come next.
export function caretContext(text: string, caret: number): CaretContext {
  const before = text.slice(0, caret);
  const tokens = tokenize(before);
  const last = tokens[tokens.length - 1];
  // The token that the caret touches is still being typed.
  const typing = last && last.end === caret && (last.kind === "word" || (last.kind === "quoted" && !last.closed)) ? last : undefined;
  const done = typing ? tokens.slice(0, -1) : tokens;
  const state = readGrammar(done);
  return {
    expects: state.expects,
    begin: typing ? typing.begin : caret,
    typed: typing ? typing.text : "",
    quoted: typing?.kind === "quoted",
    column: state.column,
    operator: state.operator,
  };
}

interface GrammarState {
  expects: Expectation;
  column: string;
  operator: string;
  inList: boolean; // inside the brackets of `in ( a, b )`
}

function readGrammar(tokens: readonly Token[]): GrammarState {
  const state: GrammarState = { expects: "field", column: "", operator: "", inList: false };
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    step(state, token, next);
  });
  return state;
}

function step(state: GrammarState, token: Token, next: Token | undefined): void {
  switch (state.expects) {
    case "field":
      if (token.kind !== "word" || token.text.toLowerCase() === "not" || token.text === "!") return;
      state.column = token.text;
      state.expects = "operator";
      return;
    case "operator":
      // `not in` is two words of one operator.
      if (token.text.toLowerCase() === "not") return;
      state.operator = token.text.toLowerCase();
      state.expects = "value";
      return;
    case "value":
      if (token.kind === "open") state.inList = true;
      else if (token.kind === "word" || token.kind === "quoted") afterValue(state, next);
      return;
    case "connective":
      if (token.kind === "comma") state.expects = "value";
      else if (token.kind === "word" && /^(and|or)$/i.test(token.text)) state.expects = "field";
      return;
  }
}

function afterValue(state: GrammarState, next: Token | undefined): void {
  if (state.inList && next?.kind !== "close") return; // blanks may part the values of a list
  state.inList = false;
  state.expects = "connective";
}

export function findColumn(columns: readonly Column[], name: string): Column | undefined {
  const wanted = name.toLowerCase();
  return columns.find((column) => column.name.toLowerCase() === wanted);
}

// Names that start with what was typed come first, then those that hold it, then titles that do.
function rankedColumns(columns: readonly Column[], typed: string): Column[] {
  const wanted = typed.toLowerCase();
  const rank = (column: Column): number => {
    const name = column.name.toLowerCase();
    if (name === wanted) return 0;
    if (name.startsWith(wanted)) return column.default ? 1 : 2;
    if (name.includes(wanted)) return 3;
    return column.title.toLowerCase().includes(wanted) ? 4 : 9;
  };
  return columns
    .filter((column) => column.filterable && rank(column) < 9)
    .map((column, index) => ({ column, index, rank: rank(column) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map((entry) => entry.column);
}

const starting = (words: readonly string[], typed: string): string[] =>
  words.filter((word) => word.toLowerCase().startsWith(typed.toLowerCase()));

const valueChoice = (value: string, detail: string): Choice => ({ text: quoteValue(value), label: value, detail });

export const maxChoices = 12;

// `ask` gives the most frequent values of a column that start with what was typed.
export async function choicesAt(
  text: string,
  caret: number,
  columns: readonly Column[],
  ask: (column: string, prefix: string) => Promise<readonly string[]>,
): Promise<{ context: CaretContext; choices: Choice[] }> {
  const context = caretContext(text, caret);
  const choices = await choicesFor(context, columns, ask);
  return { context, choices: choices.slice(0, maxChoices) };
}

async function choicesFor(
  context: CaretContext,
  columns: readonly Column[],
  ask: (column: string, prefix: string) => Promise<readonly string[]>,
): Promise<Choice[]> {
  if (context.expects === "connective")
    return starting(connectives, context.typed).map((word) => ({ text: word, label: word, detail: "" }));
  if (context.expects === "field")
    return rankedColumns(columns, context.typed).map((column) => ({ text: column.name, label: column.name, detail: column.title }));
  const column = findColumn(columns, context.column);
  if (context.expects === "operator") {
    return starting(operatorsOfKind[column?.kind ?? "text"], context.typed).map((word) => ({
      text: word,
      label: word,
      detail: operatorMeanings[word] ?? "",
    }));
  }
  if (column?.values) return starting(column.values, context.typed).map((value) => valueChoice(value, ""));
  if (column?.kind === "time") return starting(timeWords, context.typed).map((value) => valueChoice(value, "counted back from now"));
  if (!column) return [];
  const found = await ask(column.name, context.typed);
  return found.map((value) => valueChoice(value, ""));
}

// The text after a choice was taken, and where the caret stands then.
export function applyChoice(text: string, caret: number, context: CaretContext, choice: Choice): { text: string; caret: number } {
  const before = text.slice(0, context.begin);
  // A quotation mark behind the caret belonged to the value that is replaced.
  const rest = context.quoted ? text.slice(caret).replace(/^['"]/, "") : text.slice(caret);
  const spaced = `${choice.text} `;
  const after = rest.replace(/^ /, "");
  return { text: before + spaced + after, caret: before.length + spaced.length };
}

export const takesList = (operator: string): boolean => listOperators.has(operator);
