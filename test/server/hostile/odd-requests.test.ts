import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminKey, startLiveServer, type LiveServer } from "./live-server.ts";

const key = `Authorization: Bearer ${adminKey}`;
const group = '{"id":"sales","name":"Sales"}';

let live: LiveServer;
beforeAll(async () => {
  live = await startLiveServer();
});
afterAll(() => live.server.stop());

/** The status of each answer, and the code of the first. */
async function ask(
  lines: readonly string[],
  body = "",
): Promise<{ statuses: number[]; code: string | undefined }> {
  const said = await live.raw([...lines, "Connection: close", "", body].join("\r\n"));
  return {
    statuses: [...said.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status)),
    code: /"code":"([^"]*)"/.exec(said)?.[1],
  };
}

const get = (target: string, ...headers: string[]) => [
  `GET ${target} HTTP/1.1`,
  "Host: 127.0.0.1",
  ...headers,
];
const post = (...headers: string[]) => [
  "POST /api/v1/groups HTTP/1.1",
  "Host: 127.0.0.1",
  key,
  "Content-Type: application/json",
  ...headers,
];

/** What HTTP itself can't read is refused by status alone; anything else by a code too. */
const cases: [what: string, lines: string[], status: number, code?: string, body?: string][] = [
  ["a step up in the path", get("/api/v1/../v1/users", key), 400, "invalid_request"],
  ["an encoded step up", get("/enroll/%2e%2E/api/v1/users", key), 400, "invalid_request"],
  ["half an encoded step up", get("/enroll/.%2e/healthz"), 400, "invalid_request"],
  ["a backslash", get("/\\evil.example"), 400, "invalid_request"],
  ["a NUL in the path", get("/api/v1/users/%00", key), 400, "invalid_request"],
  ["broken percent signs", get("/api/v1/users/%zz%f", key), 400, "invalid_request"],
  ["overlong UTF-8", get("/api/v1/users/%c0%ae%c0%ae", key), 400, "invalid_request"],
  ["an encoded slash", get("/api/v1/users/a%2fb", key), 400, "invalid_request"],
  ["two slashes at the start", get("//evil.example/healthz"), 404, "route_not_found"],
  ["a target of another scheme", get("ftp://127.0.0.1/healthz"), 400, "invalid_request"],
  ["an absolute target that is none", get("http://[::1/healthz"), 400, "invalid_request"],
  ["a target without a slash", get("healthz"), 400],
  ["a target of 20,000 characters", get(`/${"a".repeat(20_000)}`), 431],
  ["no Host", ["GET /healthz HTTP/1.1"], 400],
  ["two Hosts", ["GET /healthz HTTP/1.1", "Host: a", "Host: b"], 400, "invalid_request"],
  ["a Host with a path", ["GET /healthz HTTP/1.1", "Host: a/../b"], 400, "invalid_request"],
  ["a Host with a port that is none", ["GET /healthz HTTP/1.1", "Host: a:99999"], 400, "invalid_request"],
  ["two keys", get("/api/v1/users", key, key), 401, "unauthorized"],
  ["a NUL in a header", get("/healthz", "X-Odd: \0"), 400],
  ["two lengths", post("Content-Length: 2", "Content-Length: 3"), 400, undefined, "{}"],
  [
    "a length and chunks",
    post("Content-Length: 4", "Transfer-Encoding: chunked"),
    400,
    undefined,
    "0\r\n\r\n",
  ],
  ["an encoding that is none", post("Transfer-Encoding: xchunked"), 400, undefined, "0\r\n\r\n"],
  ["a length past all bounds", post("Content-Length: 99999999999999999999"), 400],
  ["a length past ours", post("Content-Length: 99999999"), 413, "body_too_large"],
  ["chunks without a body", post("Transfer-Encoding: chunked"), 400, "invalid_request", "0\r\n\r\n"],
  ["neither length nor body", post(), 400, "invalid_request"],
  ["an expectation that we don't know", post("Expect: 200-maybe", "Content-Length: 2"), 417, undefined, "{}"],
  ["OPTIONS of everything", ["OPTIONS * HTTP/1.1", "Host: a", key], 400, "invalid_request"],
  ["OPTIONS", ["OPTIONS /api/v1/users HTTP/1.1", "Host: a", key], 405, "method_not_allowed"],
  ["OPTIONS without a key", ["OPTIONS /api/v1/users HTTP/1.1", "Host: a"], 401, "unauthorized"],
  [
    "TRACE, which would send the key back",
    ["TRACE /api/v1/users HTTP/1.1", "Host: a", key],
    405,
    "method_not_allowed",
  ],
  ["a method of WebDAV", ["PROPFIND /api/v1/users HTTP/1.1", "Host: a", key], 405, "method_not_allowed"],
  ["a method that is none", ["FETCH /api/v1/users HTTP/1.1", "Host: a", key], 400],
];

describe("an odd request", () => {
  it.each(cases)("is refused: %s", async (_what, lines, status, code, body) => {
    expect(await ask(lines, body)).toEqual({ statuses: [status], code });
  });

  it.each([
    [
      "in chunks",
      post("Transfer-Encoding: chunked"),
      `${group.length.toString(16)}\r\n${group}\r\n0\r\n\r\n`,
      [201, 409],
    ],
    ["with a length", post(`Content-Length: ${group.length}`), group, [201, 409]],
    ["with a charset", post("Content-Type: application/json; charset=UTF-8"), "", [400]],
    ["at an absolute target", get("http://elsewhere.example/api/v1/users", key), "", [200]],
    ["by HTTP/1.0", ["GET /healthz HTTP/1.0"], "", [200]],
    ["by HEAD", ["HEAD /api/v1/users HTTP/1.1", "Host: [::1]:8080", key], "", [200]],
    ["with a dot in a name", get("/api/v1/users/a.b..c", key), "", [404]],
  ])("has a twin that is served: %s", async (_what, lines, body, expected) => {
    const { statuses } = await ask(lines, body);
    expect(statuses).toHaveLength(1);
    expect(expected).toContain(statuses[0]);
  });

  it("by HEAD has no body, and asks for a key as GET does", async () => {
    const lines = (...more: string[]) => [
      "HEAD /api/v1/users HTTP/1.1",
      "Host: a",
      ...more,
      "Connection: close",
      "",
      "",
    ];
    const served = await live.raw(lines(key).join("\r\n"));
    expect(served).toMatch(/^HTTP\/1\.1 200/);
    expect(served.split("\r\n\r\n")[1]).toBe("");
    expect(await live.raw(lines().join("\r\n"))).toMatch(/^HTTP\/1\.1 401/);
  });

  it("smuggles no second request in the body of a first", async () => {
    const inner = `GET /api/v1/keys HTTP/1.1\r\nHost: a\r\n${key}\r\n\r\n`;
    const outer = `GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n`;
    const last = "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const said = await live.raw(`${outer}${inner}${last}`);
    const statuses = [...said.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    // The one after it may be answered, or cut off with the rest of a body that nobody wanted.
    expect([["200"], ["200", "200"]]).toContainEqual(statuses);
    expect(said).not.toContain('"items"');
  });

  it("shows up as no bug of ours", () => {
    const bugs = live.events.filter(({ event }) =>
      ["internal.error", "invariant.violated", "fault"].includes(event),
    );
    expect(bugs).toEqual([]);
  });
});

describe("a client that hangs up half way through its body", () => {
  it("is no bug of ours, and keeps nobody else waiting", async () => {
    const before = live.events.length;
    const socket = await live.open();
    socket.write([...post("Content-Length: 100"), "", '{"id":'].join("\r\n"));
    while (live.events.length === before) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    const isAnswered = () => live.events.slice(before).some(({ event }) => event === "api.answered");
    while (!isAnswered()) await new Promise((resolve) => setImmediate(resolve));
    expect(live.events.slice(before)).toContainEqual(
      expect.objectContaining({ event: "api.answered", status: 400, code: "invalid_request" }),
    );
    expect((await ask(get("/readyz"))).statuses).toEqual([200]);
  });
});
