import { describe, expect, it } from "vitest";
import { ClientConfig, formatVppDate, LookupAnswer, ServiceConfig, vppErrors } from "../../../shared/vpp.ts";
import { openBench, pages, slack, type Json } from "./bench.ts";

const dayMs = 86_400_000;
const register = "registerVPPUserSrv";

describe("the transport of the VPP service", () => {
  it("answers the service configuration to GET and POST without a token, with addresses of its own", async () => {
    const bench = await openBench();
    for (const prefix of ["/WebObjects/MZFinance.woa/wa", "/mdm"]) {
      const got = await bench.send("GET", `${prefix}/VPPServiceConfigSrv`);
      const posted = await bench.send("POST", `${prefix}/VPPServiceConfigSrv`, {});
      expect(got.status).toBe(200);
      expect(posted.json).toEqual(got.json);
      const config = ServiceConfig.parse(got.json);
      const addresses = Object.entries(config).filter(([name]) => name.endsWith("Url"));
      expect(addresses).toHaveLength(14);
      for (const [, address] of addresses) expect(address).toMatch(/^http:\/\/apple\.test/);
      expect(config.invitationEmailUrl).toContain("inviteCode=%25inviteCode%25");
      expect(config.errorCodes).toContainEqual({ errorNumber: 9616, errorMessage: vppErrors[9616] });
    }
  });

  it("has every service under every address of its configuration and both prefixes", async () => {
    const bench = await openBench();
    const { json } = await bench.send("GET", "/mdm/VPPServiceConfigSrv");
    const services = Object.values(ServiceConfig.parse(json))
      .filter((value): value is string => typeof value === "string" && value.endsWith("Srv"))
      .map((url) => url.slice(url.lastIndexOf("/") + 1));
    expect(services).toHaveLength(11);
    const old = ["associateVPPLicenseWithVPPUserSrv", "disassociateVPPLicenseFromVPPUserSrv"];
    for (const service of [...services, ...old]) {
      for (const prefix of ["/WebObjects/MZFinance.woa/wa", "/mdm"]) {
        const { status, json: answer } = await bench.send("POST", `${prefix}/${service}`, {});
        expect({ service, status, answer }).toMatchObject({
          status: 200,
          answer: { status: -1, errorNumber: 9601 },
        });
      }
    }
  });

  it("refuses GET on a service that takes POST, and knows no service called constructor", async () => {
    const bench = await openBench();
    const get = await bench.send("GET", `/mdm/${register}`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await bench.send("POST", "/mdm/constructor", {})).status).toBe(404);
  });

  it.each([["application/json"], ["application/x-www-form-urlencoded"], ["text/plain;charset=UTF8"]])(
    "takes JSON whatever the content type says (%s)",
    async (contentType) => {
      const bench = await openBench();
      const { json } = await bench.send(
        "POST",
        `/mdm/${register}`,
        { sToken: bench.sToken, clientUserIdStr: "u1" },
        { "content-type": contentType },
      );
      expect(json.status).toBe(0);
    },
  );

  it.each([
    ["JSON that is cut off", '{"sToken": "', 9602],
    ["a list", "[]", 9602],
    ["a string", '"hello"', 9602],
    ["nothing", "", 9601],
    ["a null token", '{"sToken": null}', 9601],
    ["a token that is an object", '{"sToken": {}}', 9602],
    ["a key given twice", '{"sToken": "a", "x": {"sToken": 1}, "sToken": "b"}', 9602],
  ])("answers HTTP 200 with status -1 to %s", async (_name, body, errorNumber) => {
    const bench = await openBench();
    const reply = await bench.send("POST", `/mdm/${register}`, body);
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ status: -1, errorNumber });
    expect(reply.json.errorMessage).toEqual(expect.stringContaining(vppErrors[errorNumber as 9601 | 9602]));
  });

  it("doesn't take a repeated key in an inner object or in a text for a key given twice", async () => {
    const bench = await openBench();
    const answer = await bench.vpp(register, {
      clientUserIdStr: 'a":"b',
      x: { clientUserIdStr: 1, y: [{ a: 1 }, { a: 2 }] },
    });
    expect(answer).toMatchObject({ status: 0, user: { clientUserIdStr: 'a":"b' } });
  });

  it("takes strings and primitives alike, null as absent, and ignores what it doesn't know", async () => {
    const bench = await openBench();
    const made = await bench.vpp(register, { clientUserIdStr: 42, email: null, unknown: [1] });
    const user = made.user as Json;
    expect(user.clientUserIdStr).toBe("42");
    expect("email" in user).toBe(false);
    for (const userId of [user.userId, String(user.userId)]) {
      expect((await bench.vpp("getVPPUserSrv", { userId })).user).toMatchObject({ clientUserIdStr: "42" });
    }
    for (const flag of [true, "true", 1, "1"]) {
      const { assets } = await bench.vpp("getVPPAssetsSrv", { includeLicenseCounts: flag });
      expect((assets as Json[])[0]?.availableCount).toBe(10);
    }
    for (const flag of [false, "false", 0, "0", null]) {
      const { assets } = await bench.vpp("getVPPAssetsSrv", { includeLicenseCounts: flag });
      expect((assets as Json[])[0]).not.toHaveProperty("availableCount");
    }
    expect(await bench.vpp("getVPPAssetsSrv", { includeLicenseCounts: "maybe" })).toMatchObject({
      errorNumber: 9602,
    });
    expect(await bench.vpp("getVPPUserSrv", { userId: "12x" })).toMatchObject({ errorNumber: 9602 });
    expect(await bench.vpp("getVPPUserSrv", { clientUserIdStr: ["a"] })).toMatchObject({ errorNumber: 9602 });
    expect(await bench.vpp(register, { clientUserIdStr: "x".repeat(256) })).toMatchObject({
      errorNumber: 9602,
    });
  });

  it("answers 413 to a body above one mebibyte, and takes one just below", async () => {
    const bench = await openBench();
    const body = (length: number): string =>
      JSON.stringify({ sToken: bench.sToken, clientUserIdStr: "u", padding: "x".repeat(length) });
    expect((await bench.send("POST", `/mdm/${register}`, body(1024 * 1024))).status).toBe(413);
    expect((await bench.send("POST", `/mdm/${register}`, body(1024 * 1024 - 600))).json.status).toBe(0);
  });

  it("is unavailable with Retry-After when told so, slow when told so, and well again afterwards", async () => {
    const bench = await openBench();
    await bench.control("PUT", "/behaviour", { unavailable: { retryAfterSeconds: 90 }, latencyMs: 250 });
    const reply = await bench.send("POST", `/mdm/${register}`, {
      sToken: bench.sToken,
      clientUserIdStr: "u",
    });
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "90"]);
    expect((await bench.send("POST", "/store/v1/sign-in", {})).status).toBe(503);
    expect(bench.world.sleeps).toEqual([250, 250]);
    await bench.control("PUT", "/behaviour", { unavailable: false, latencyMs: 0 });
    expect(await bench.vpp(register, { clientUserIdStr: "u" })).toMatchObject({ status: 0 });
    expect(bench.world.sleeps).toHaveLength(2);
  });
});

describe("the sToken", () => {
  it("is base64 of token, expDate and orgName, and is taken in both alphabets", async () => {
    const bench = await openBench();
    const content = JSON.parse(Buffer.from(bench.sToken, "base64").toString()) as Json;
    expect(Object.keys(content)).toEqual(["token", "expDate", "orgName"]);
    expect(content).toMatchObject({
      orgName: "Contoso",
      expDate: formatVppDate(bench.world.now() + 365 * dayMs),
    });
    const urlSafe = Buffer.from(bench.sToken, "base64").toString("base64url");
    expect(await bench.vpp(register, { sToken: urlSafe, clientUserIdStr: "u" })).toMatchObject({ status: 0 });
  });

  const sealed = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString("base64");
  const expDate = "2017-01-01T00:00:00+0000";
  it.each([
    ["absent", undefined, 9601],
    ["empty", "", 9601],
    ["no base64", "not a token!", 9622],
    ["base64 of something else", Buffer.from("hello").toString("base64"), 9622],
    ["JSON without a secret", sealed({ expDate, orgName: "Contoso" }), 9622],
    ["of an unknown secret", sealed({ token: "guess", expDate, orgName: "Contoso" }), 9622],
  ])("that is %s is answered by its own number", async (_name, sToken, errorNumber) => {
    const bench = await openBench();
    const answer = await bench.vpp(register, { sToken, clientUserIdStr: "u" });
    expect(answer).toMatchObject({ status: -1, errorNumber });
    expect(answer).not.toHaveProperty("uId");
  });

  it("warns within its last 15 days only, and expires by the lab's clock", async () => {
    const bench = await openBench();
    const ask = (): Promise<Json> => bench.vpp("VPPClientConfigSrv");
    const expiresAt = bench.world.now() + 365 * dayMs;
    bench.world.advance(350 * dayMs - 1000);
    expect(await ask()).not.toHaveProperty("tokenExpDate");
    bench.world.advance(1000);
    expect(await ask()).toMatchObject({
      tokenExpDate: formatVppDate(expiresAt),
      expirationMillis: expiresAt,
    });
    bench.world.advance(15 * dayMs - 1);
    expect(await ask()).toMatchObject({ status: 0 });
    bench.world.advance(1);
    expect(await ask()).toMatchObject({ status: -1, errorNumber: 9621 });
  });

  it("can be revoked, while another one of the same account goes on and shows the same uId", async () => {
    const bench = await openBench();
    const before = await bench.vpp("VPPClientConfigSrv");
    const renewed = await bench.control("POST", `/organisations/${bench.organisationId}/tokens`, {
      lifetimeDays: 30,
    });
    await bench.control("POST", "/tokens/token-1/revoke");
    expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ status: -1, errorNumber: 9625 });
    const after = await bench.vpp("VPPClientConfigSrv", { sToken: renewed.json.sToken });
    expect(after).toMatchObject({
      status: 0,
      uId: before.uId,
      organizationIdHash: before.organizationIdHash,
    });
  });

  it("appears in no event", async () => {
    const bench = await openBench();
    await bench.vpp(register, { clientUserIdStr: "u" });
    expect(bench.events.length).toBeGreaterThan(0);
    expect(JSON.stringify(bench.events)).not.toContain(bench.sToken);
  });
});

describe("VPPClientConfigSrv", () => {
  it("tells about the account, the Apple ID only when asked", async () => {
    const bench = await openBench();
    const plain = ClientConfig.parse(await bench.vpp("VPPClientConfigSrv"));
    expect(plain).toMatchObject({ status: 0, countryCode: "US", organizationId: bench.organisationId });
    expect(plain.organizationIdHash).toMatch(/^[0-9a-f]{64}$/);
    expect(plain).not.toHaveProperty("appleId");
    expect(plain).not.toHaveProperty("clientContext");
    expect(await bench.vpp("VPPClientConfigSrv", { verbose: true })).toMatchObject({
      appleId: "vpp@contoso.com",
    });
  });

  it("stores a client context, which every service then echoes, until it is cleared", async () => {
    const bench = await openBench();
    const clientContext = '{"hostname":"mdm.contoso.com","guid":"5d7ea9ad-61a3-4f2c-b1a1-3a5a6bd8a9d3"}';
    expect(await bench.vpp("VPPClientConfigSrv", { clientContext })).toMatchObject({
      status: 0,
      clientContext,
    });
    expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ clientContext });
    expect(await bench.vpp(register, { clientUserIdStr: "u" })).toMatchObject({ clientContext });
    expect(await bench.vpp("getVPPUserSrv", { clientUserIdStr: "?" })).toMatchObject({
      status: -1,
      clientContext,
    });
    expect(await bench.vpp("VPPClientConfigSrv", { clientContext: "" })).not.toHaveProperty("clientContext");
    expect(await bench.vpp(register, { clientUserIdStr: "u" })).not.toHaveProperty("clientContext");
  });

  it("takes a context of 255 bytes and refuses one of 256, keeping what was there", async () => {
    const bench = await openBench();
    const long = "x".repeat(255);
    expect(await bench.vpp("VPPClientConfigSrv", { clientContext: long })).toMatchObject({
      clientContext: long,
    });
    for (const tooLong of ["x".repeat(256), "é".repeat(128)]) {
      expect(await bench.vpp("VPPClientConfigSrv", { clientContext: tooLong })).toMatchObject({
        status: -1,
        errorNumber: 9602,
        clientContext: long,
      });
    }
  });

  it("knows no facilitator but the organisation itself (9639)", async () => {
    const bench = await openBench();
    const ask = (facilitatorMemberId: number): Promise<Json> =>
      bench.vpp("getVPPAssetsSrv", { facilitatorMemberId });
    expect(await ask(1)).toMatchObject({ status: -1, errorNumber: 9639 });
    expect(await ask(bench.organisationId)).toMatchObject({ status: 0 });
  });
});

describe("the content metadata lookup", () => {
  const path = "/WebObjects/MZStorePlatform.woa/wa/lookup";

  it("tells names and bundle ids of several items, and leaves unknown ones out", async () => {
    const bench = await openBench();
    const { json } = await bench.send(
      "GET",
      `${path}?version=2&id=${pages},${slack},1&p=mdm-lockup&caller=MDM&cc=us&l=en`,
    );
    const { results } = LookupAnswer.parse(json);
    expect(Object.keys(results).sort()).toEqual([pages, slack].sort());
    expect(results[pages]).toMatchObject({
      id: pages,
      name: "Pages",
      bundleId: "com.apple.Pages",
      kind: "iosSoftware",
    });
    expect(json).toMatchObject({ version: 2, isAuthenticated: false });
    expect((await bench.send("GET", path)).json).toMatchObject({ results: {} });
  });

  it("sees the token in the cookie", async () => {
    const bench = await openBench();
    const ask = (cookie: string): Promise<{ json: Json }> =>
      bench.send("GET", `${path}?id=${pages}`, undefined, { cookie });
    expect((await ask(`a=b; itvt=${bench.sToken}`)).json.isAuthenticated).toBe(true);
    expect((await ask("itvt=wrong")).json.isAuthenticated).toBe(false);
  });
});

it("answers 404 to everything else, and 503 once closed", async () => {
  const bench = await openBench();
  expect((await bench.send("GET", "/")).status).toBe(404);
  await bench.apple.close();
  expect((await bench.send("GET", "/")).status).toBe(503);
});
