import { describe, expect, it } from "vitest";
import { clearedCookie, readSessionCookie, sessionCookie } from "../../../server/api/session-cookie.ts";

const request = (url: string, cookie: string) => new Request(url, { headers: { cookie } });

describe("the cookie of a session", () => {
  it("is each server's own where several stand side by side on one host", () => {
    const first = sessionCookie("one", { url: "http://127.0.0.1:8080/x", isSecure: false, maxAgeMs: 1_000 });
    const second = sessionCookie("two", { url: "http://127.0.0.1:9090/x", isSecure: false, maxAgeMs: 1_000 });
    const jar = [first, second].map((line) => line.split(";")[0]).join("; ");
    expect(readSessionCookie(request("http://127.0.0.1:8080/y", jar))).toBe("one");
    expect(readSessionCookie(request("http://127.0.0.1:9090/y", jar))).toBe("two");
    expect(readSessionCookie(request("http://127.0.0.1:7070/y", jar))).toBeUndefined();
  });

  it("is taken away under the name it was given", () => {
    const at = { url: "https://mdm.orchard.example/", isSecure: true };
    expect(clearedCookie(at)).toBe("pippin-session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0; Secure");
  });
});
