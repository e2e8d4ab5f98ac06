import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createConsole } from "../../server/console/console-app.ts";

const app = createConsole();
const ask = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await app.request(path, { headers });
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};
const scriptPath = async () => /src="([^"]+)"/.exec((await ask("/console")).bytes.toString())?.[1] ?? "";

describe("a program for the browser", () => {
  it.each(["/console", "/console/vpp", "/console/devices/00a1"])("has its shell at %s", async (path) => {
    const { answer, bytes } = await ask(path);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(bytes.toString()).toContain('<div id="app">');
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    // The policy forbids what the shell must not need.
    expect(bytes.toString()).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=/);
  });

  it("asks for nothing from elsewhere", async () => {
    const shell = (await ask("/console")).bytes.toString();
    const addresses = [...shell.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of addresses) expect(address).toMatch(/^\/console\//);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["br", (bytes) => brotliDecompressSync(bytes)],
    ["gzip", (bytes) => gunzipSync(bytes)],
  ])("comes as %s to who takes that, and is the same", async (encoding, unpack) => {
    const path = await scriptPath();
    const packed = await ask(path, { "accept-encoding": encoding });
    const plain = await ask(path, { "accept-encoding": `${encoding};q=0` });
    expect(packed.answer.headers.get("content-encoding")).toBe(encoding);
    expect(plain.answer.headers.get("content-encoding")).toBeNull();
    expect(unpack(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(packed.bytes.length).toBeLessThan(250 * 1024);
  });

  it("is kept by the browser under the name of its content, and asked for again under the plain one", async () => {
    const path = await scriptPath();
    const named = await ask(path);
    expect(named.answer.headers.get("cache-control")).toContain("immutable");
    const plain = await ask("/console/app.js");
    expect(plain.answer.headers.get("cache-control")).toBe("no-cache");
    const again = await ask("/console/app.js", { "if-none-match": plain.answer.headers.get("etag") ?? "" });
    expect([again.answer.status, again.bytes.length]).toEqual([304, 0]);
  });
});
