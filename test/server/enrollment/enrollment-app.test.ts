import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import {
  createSigningRequest,
  pemToDer,
  readCertificate,
  verifyCms,
  verifyIssuedBy,
} from "../../../shared/certificates.ts";
import { PippinError } from "../../../shared/errors.ts";
import { decodePlist, type PlistDictionary } from "../../../shared/plist.ts";
import type { KeyPair } from "../../../shared/world.ts";
import { loadAuthority, type DeviceAuthority } from "../../../server/enrollment/authority.ts";
import { createEnrollmentApp } from "../../../server/enrollment/enrollment-app.ts";
import {
  createEnrollmentToken,
  tokenLifetimeMs,
  type EnrollmentTokenRequest,
} from "../../../server/enrollment/enrollment-token.ts";
import { createSecretBox } from "../../../server/secrets.ts";
import { testKeyPair } from "../fake-world.ts";
import { TestServer, udidOf } from "../test-server.ts";

const udid = udidOf(1);
const box = createSecretBox(Buffer.alloc(32, 9), (length) => Buffer.alloc(length, 3));
const publicUrl = "http://127.0.0.1:8080";
const serverUrl = "ws://127.0.0.1:8080/mdm/channel";
let server: TestServer;
let authority: DeviceAuthority;
let app: Hono;

async function start(options: { keepsWire?: boolean } = {}): Promise<void> {
  server = new TestServer(options);
  authority = await loadAuthority(server.context, box);
  app = new Hono();
  app.route(
    "/enroll",
    createEnrollmentApp({
      context: server.context,
      authority,
      publicUrl: () => publicUrl,
      serverUrl: () => serverUrl,
    }),
  );
  app.onError((error, c) => {
    if (!(error instanceof PippinError)) throw error;
    return c.json({ code: error.code }, error.status);
  });
}

beforeEach(() => start());

async function makeToken(request: Partial<EnrollmentTokenRequest> = {}) {
  return await server.store.transaction((tx) =>
    createEnrollmentToken(tx, server.context, { kind: "user", userId: null, ...request }),
  );
}

function payload(profile: PlistDictionary, type: string): PlistDictionary {
  const content = profile["PayloadContent"] as PlistDictionary[];
  const found = content.find((one) => one["PayloadType"] === type);
  if (found === undefined) throw new Error(`There is no payload ${type}.`);
  return found;
}

/** The profile behind a link, its signature checked. */
async function fetchProfile(path: string): Promise<PlistDictionary> {
  const response = await app.request(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/x-apple-aspen-config");
  const { content, signerCertificate } = verifyCms(new Uint8Array(await response.arrayBuffer()));
  expect(signerCertificate.equals(pemToDer(authority.certificatePem))).toBe(true);
  return decodePlist(content, "plist-xml");
}

interface Ask {
  url: string;
  challenge: string;
}

async function askFor(path: string): Promise<Ask> {
  const content = payload(await fetchProfile(path), "com.pippin.security.csr")[
    "PayloadContent"
  ] as PlistDictionary;
  return { url: String(content["URL"]), challenge: String(content["Challenge"]) };
}

function send(ask: Ask, body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(
    app.request(ask.url, {
      method: "POST",
      headers: {
        "Content-Type": "application/pkcs10",
        Authorization: `Bearer ${ask.challenge}`,
        ...headers,
      },
      body: new Uint8Array(body),
    }),
  );
}

const csr = (commonName = udid, keys: KeyPair = testKeyPair(1)) => createSigningRequest({ commonName, keys });

async function certificateOf(response: Response): Promise<Buffer> {
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/pkix-cert");
  return Buffer.from(await response.arrayBuffer());
}

async function refusalOf(response: Response): Promise<string> {
  expect(response.ok).toBe(false);
  return ((await response.json()) as { code: string }).code;
}

const usesLeft = async (id: string) =>
  (await server.store.read((reader) => reader.get("enrollmentTokens", id)))?.usesLeft;

describe("the authority", () => {
  it("is made once, and its private key lies sealed in the store", async () => {
    expect(await loadAuthority(server.context, box)).toEqual(authority);
    const setting = await server.store.read((reader) => reader.get("settings", "authority"));
    expect(JSON.stringify(setting)).not.toContain("PRIVATE KEY");
    expect(readCertificate(pemToDer(authority.certificatePem)).commonName).toBe("Pippin Device Authority");
    expect(authority.topic).toMatch(/^com\.apple\.mgmt\.pippin\.[0-9A-F-]{36}$/);
  });

  it("says so when what is stored can't be read", async () => {
    await server.store.transaction((tx) => tx.put("settings", { id: "authority", value: { bad: true } }));
    await expect(loadAuthority(server.context, box)).rejects.toMatchObject({ code: "store_corrupt" });
  });
});

describe("enrolment tokens", () => {
  it("are in the answer and, hashed, in the store", async () => {
    const { record, token, path } = await makeToken({ kind: "dep" });
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(path).toBe(`/enroll/${token}`);
    expect(JSON.stringify(record)).not.toContain(token);
    expect(record).toMatchObject({
      kind: "dep",
      usesLeft: 1,
      expiresAt: server.world.now() + 7 * 86_400_000,
    });
  });

  it.each<[string, Partial<EnrollmentTokenRequest>, string]>([
    ["a user that doesn't exist", { userId: "nobody" }, "not_found"],
    ["a life of less than a minute", { expiresInMs: tokenLifetimeMs.min - 1 }, "invalid_request"],
    ["a life of more than 90 days", { expiresInMs: tokenLifetimeMs.max + 1 }, "invalid_request"],
    ["no use", { uses: 0 }, "invalid_request"],
    ["more than 10,000 uses", { uses: 10_001 }, "invalid_request"],
    ["half a use", { uses: 1.5 }, "invalid_request"],
  ])("refuse %s", async (_, request, code) => {
    await expect(makeToken(request)).rejects.toMatchObject({ code });
  });

  it("take the limits themselves", async () => {
    await makeToken({ expiresInMs: tokenLifetimeMs.min, uses: 10_000 });
    await makeToken({ expiresInMs: tokenLifetimeMs.max });
  });
});

describe("the profile", () => {
  it("holds the authority, the way to an identity, and the management payload", async () => {
    const { path } = await makeToken();
    const profile = await fetchProfile(path);
    expect(profile).toMatchObject({ PayloadType: "Configuration", PayloadVersion: 1 });
    const root = payload(profile, "com.apple.security.root")["PayloadContent"] as Uint8Array;
    expect(Buffer.from(root).equals(pemToDer(authority.certificatePem))).toBe(true);
    const identity = payload(profile, "com.pippin.security.csr");
    expect(identity["PayloadContent"]).toMatchObject({
      URL: `${publicUrl}${path}/identity`,
      Keysize: 2048,
      "Key Type": "RSA",
    });
    expect(payload(profile, "com.apple.mdm")).toMatchObject({
      IdentityCertificateUUID: identity["PayloadUUID"],
      Topic: authority.topic,
      ServerURL: serverUrl,
      AccessRights: 8191,
      CheckOutWhenRemoved: true,
      SignMessage: false,
    });
    const content = profile["PayloadContent"] as PlistDictionary[];
    expect(new Set([profile, ...content].map((one) => one["PayloadUUID"])).size).toBe(4);
  });

  it("may be fetched any number of times", async () => {
    const { record, path } = await makeToken();
    await fetchProfile(path);
    await fetchProfile(path);
    expect(await usesLeft(record.id)).toBe(1);
  });

  it("is refused for a link that isn't known or has expired", async () => {
    const { path } = await makeToken({ expiresInMs: 60_000 });
    expect(await refusalOf(await app.request("/enroll/nonsense"))).toBe("enrollment_token_invalid");
    expect(await refusalOf(await app.request(`/enroll/${"A".repeat(43)}`))).toBe("enrollment_token_invalid");
    await server.world.advance(59_999);
    await fetchProfile(path);
    await server.world.advance(1);
    expect(await refusalOf(await app.request(path))).toBe("enrollment_token_expired");
  });

  it("is in the trace without its secrets, and a trace changes nothing about it", async () => {
    const { path: untracedPath } = await makeToken();
    const untraced = await fetchProfile(untracedPath);
    await start({ keepsWire: true });
    const { token, path } = await makeToken();
    const profile = await fetchProfile(path);
    expect(profile).toEqual(untraced);
    const [wire] = server.named("wire");
    expect(wire).toMatchObject({ channel: "mdm", from: "server", to: "phone", format: "cms" });
    const { content } = verifyCms(Buffer.from(String(wire?.["bytes"]), "base64"));
    const { challenge } = await askFor(path);
    expect(content.toString()).toContain(serverUrl);
    expect(content.toString()).not.toContain(token);
    expect(content.toString()).not.toContain(challenge);
  });
});

describe("asking for an identity", () => {
  it("gives a certificate for the phone's UDID, on record with what the link says", async () => {
    const { record, path } = await makeToken({ kind: "configurator" });
    const certificate = await certificateOf(await send(await askFor(path), csr()));
    expect(verifyIssuedBy(certificate, authority, server.world.now())).toBe("valid");
    const facts = readCertificate(certificate);
    expect(facts.commonName).toBe(udid);
    expect(facts.notAfter).toBe(server.world.now() + 365 * 86_400_000);
    const identity = await server.store.read((reader) => reader.get("identities", facts.fingerprint));
    expect(identity).toMatchObject({
      serial: facts.serial,
      enrollmentTokenId: record.id,
      kind: "configurator",
      udid: null,
      revokedAt: null,
    });
    expect(await usesLeft(record.id)).toBe(0);
    expect(server.named("enrollment.started")).toMatchObject([{ udid, kind: "configurator" }]);
  });

  it("gives the same certificate when asked again with the same key, and takes no further use", async () => {
    const { record, path } = await makeToken({ uses: 2 });
    const ask = await askFor(path);
    const first = await certificateOf(await send(ask, csr()));
    await server.world.advance(12_345);
    const again = await certificateOf(await send(ask, csr()));
    expect(again.equals(first)).toBe(true);
    expect(await usesLeft(record.id)).toBe(1);
    expect(server.named("enrollment.started")).toHaveLength(1);
  });

  it("gives two answers at once the same certificate", async () => {
    const { record, path } = await makeToken();
    const ask = await askFor(path);
    const [one, other] = await Promise.all([send(ask, csr()), send(ask, csr())]);
    expect((await certificateOf(one)).equals(await certificateOf(other))).toBe(true);
    expect(await usesLeft(record.id)).toBe(0);
  });

  it("takes a use for another key, and one for another phone with the same key", async () => {
    const { record, path } = await makeToken({ uses: 3 });
    const ask = await askFor(path);
    const certificates = [
      await certificateOf(await send(ask, csr())),
      await certificateOf(await send(ask, csr(udid, testKeyPair(2)))),
      await certificateOf(await send(ask, csr(udidOf(2)))),
    ];
    expect(new Set(certificates.map((one) => readCertificate(one).fingerprint)).size).toBe(3);
    expect(await usesLeft(record.id)).toBe(0);
    expect(await refusalOf(await send(ask, csr(udidOf(3))))).toBe("enrollment_token_invalid");
    await certificateOf(await send(ask, csr()));
  });

  it("takes a use again once the first identity is revoked", async () => {
    const { path } = await makeToken();
    const ask = await askFor(path);
    const { fingerprint } = readCertificate(await certificateOf(await send(ask, csr())));
    await server.store.transaction(async (tx) => {
      const identity = await tx.get("identities", fingerprint);
      if (identity) await tx.put("identities", { ...identity, revokedAt: 1 });
    });
    expect(await refusalOf(await send(ask, csr()))).toBe("enrollment_token_invalid");
  });

  it("gives only one of two phones that race for the last use a certificate", async () => {
    const { path } = await makeToken();
    const ask = await askFor(path);
    const responses = await Promise.all([send(ask, csr()), send(ask, csr(udidOf(2)))]);
    expect(responses.map((response) => response.status)).toEqual([200, 403]);
  });

  it.each<[string, (ask: Ask) => Promise<Response>, string]>([
    ["no challenge", (ask) => send(ask, csr(), { Authorization: "" }), "unauthorized"],
    ["a wrong challenge", (ask) => send({ ...ask, challenge: "x".repeat(43) }, csr()), "unauthorized"],
    [
      "the challenge of another link",
      async (ask) => send({ ...ask, challenge: (await askFor((await makeToken()).path)).challenge }, csr()),
      "unauthorized",
    ],
    [
      "another kind of body",
      (ask) => send(ask, csr(), { "Content-Type": "text/plain" }),
      "unsupported_media_type",
    ],
    ["what is no signing request", (ask) => send(ask, Buffer.from("hello")), "malformed_certificate"],
    ["a request of nobody", (ask) => send(ask, csr("no udid!")), "invalid_request"],
    ["too much", (ask) => send(ask, Buffer.alloc(16 * 1024 + 1)), "body_too_large"],
    [
      "a link that has expired",
      async (ask) => {
        await server.world.advance(tokenLifetimeMs.default);
        return await send(ask, csr());
      },
      "enrollment_token_expired",
    ],
    [
      "a link that isn't known",
      (ask) => send({ ...ask, url: `${publicUrl}/enroll/${"A".repeat(43)}/identity` }, csr()),
      "enrollment_token_invalid",
    ],
  ])("is refused with %s", async (_, act, code) => {
    const { record, path } = await makeToken();
    expect(await refusalOf(await act(await askFor(path)))).toBe(code);
    expect(await usesLeft(record.id)).toBe(1);
    expect(server.named("enrollment.started")).toEqual([]);
  });
});
