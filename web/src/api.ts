// SPDX-License-Identifier: Apache-2.0
// Asks the server. Every failure becomes an ApiError with a message and, where there is one, a remedy.

export const apiBase = "/api/v1";

export interface ApiProblem {
  code: string;
  message: string;
  column?: number; // 1-based place in the filter
  nearest?: string[];
  remedy?: string;
}

export class ApiError extends Error {
  readonly problem: ApiProblem;
  readonly status: number;
  constructor(status: number, problem: ApiProblem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

// A page is opened with a token at most once a tab: it stays in the tab's own store.
const tokenKey = "endreason.token";
export const readToken = (): string | null => sessionStorage.getItem(tokenKey);
export const writeToken = (token: string): void => sessionStorage.setItem(tokenKey, token);

type Listener = () => void;
const unauthorizedListeners = new Set<Listener>();
// Called whenever the server wants a token that it did not get.
export function onUnauthorized(listener: Listener): () => void {
  unauthorizedListeners.add(listener);
  return () => unauthorizedListeners.delete(listener);
}

export type Query = { [name: string]: string | number | undefined };

// Empty values are left out: the server's default is meant.
export function apiPath(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  const text = parameters.toString();
  return `${apiBase}${path}${text ? `?${text}` : ""}`;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  try {
    const body = (await response.json()) as { error?: ApiProblem };
    if (body.error) return body.error;
  } catch {
    // Not JSON: a proxy stands between, or the server ended half-way.
  }
  return { code: "internal", message: `the server answered ${response.status} ${response.statusText}`.trim() };
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = readToken();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, {
      code: "unreachable",
      message: "the server does not answer",
      remedy: "See whether endreason serve is still running; this page tries again by itself.",
    });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401) unauthorizedListeners.forEach((listener) => listener());
    throw new ApiError(response.status, problem);
  }
  return response;
}

export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await request(apiPath(path, query), { signal: signal ?? null });
  return (await response.json()) as T;
}

export async function postBytes<T>(path: string, body: Blob | string, signal?: AbortSignal): Promise<T> {
  const response = await request(`${apiBase}${path}`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/octet-stream" },
    signal: signal ?? null,
  });
  return (await response.json()) as T;
}
