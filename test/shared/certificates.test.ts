import { X509Certificate, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import forge from "node-forge";
import { describe, expect, it } from "vitest";
import {
  certificateBytesMax,
  createAuthority,
  createSigningRequest,
  derToPem,
  issueCertificate,
  pemToDer,
  readCertificate,
  readSigningRequest,
  signBytes,
  signCms,
  verifyBytes,
  verifyCms,
  verifyIssuedBy,
} from "../../shared/certificates.ts";
import { PippinError } from "../../shared/errors.ts";
import type { KeyPair } from "../../shared/world.ts";

function rsa(modulusLength: number): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}
const serverKeys = rsa(2048);
const deviceKeys = rsa(2048);
const weakKeys = rsa(1024);
const curve = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const curveKeys: KeyPair = { privateKeyPem: curve.privateKey, publicKeyPem: curve.publicKey };

const start = Date.UTC(2016, 5, 1, 12);
const day = 86_400_000;
const authorityOptions = {
  commonName: "Pippin CA",
  organisation: "Órgano 日本",
  keys: serverKeys,
  serial: Buffer.from([1]),
  notBefore: start,
  notAfter: start + 3650 * day,
};
const authority = createAuthority(authorityOptions);
const deviceOptions = {
  authority,
  commonName: "00008030-é",
  publicKeyPem: deviceKeys.publicKeyPem,
  serial: Buffer.from("8001020304", "hex"),
  notBefore: start,
  notAfter: start + 365 * day,
};
const device = issueCertificate(deviceOptions);
const request = createSigningRequest({ commonName: "00008030-é", keys: deviceKeys });
const message = Buffer.from("a profile with ünicode");
const cms = signCms(message, authority, start);

/** The code of the refusal; any other error goes on and fails the test. */
function outcome(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    if (error instanceof PippinError) return error.code;
    throw error;
  }
}
const refused = "malformed_certificate";

/** The bytes with one stretch of them replaced, lengths untouched. */
function replaced(der: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = der.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to.length).toBe(from.length);
  return Buffer.concat([der.subarray(0, at), to, der.subarray(at + from.length)]);
}

describe("an authority", () => {
  it("is self-signed, and may sign certificates and messages", () => {
    const certificate = new X509Certificate(authority.certificatePem);
    expect(certificate.ca).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKeyPem))).toBe(true);
    const usage = forge.pki.certificateFromPem(authority.certificatePem).getExtension("keyUsage");
    expect(usage).toMatchObject({
      critical: true,
      digitalSignature: true,
      keyCertSign: true,
      cRLSign: true,
      keyEncipherment: false,
    });
  });

  it("has the names, number and period it was given", () => {
    expect(readCertificate(pemToDer(authority.certificatePem))).toMatchObject({
      commonName: "Pippin CA",
      issuerCommonName: "Pippin CA",
      serial: "01",
      notBefore: start,
      notAfter: start + 3650 * day,
      publicKeyPem: serverKeys.publicKeyPem,
    });
    expect(new X509Certificate(authority.certificatePem).toLegacyObject().subject.O).toBe("Órgano 日本");
  });

  it("is the same bytes for the same arguments", () => {
    expect(createAuthority(authorityOptions)).toEqual(authority);
  });
});

describe("a signing request", () => {
  it("tells the name and the key it asks for", () => {
    const read = readSigningRequest(request);
    expect(read.commonName).toBe("00008030-é");
    expect(read.publicKeyPem).toBe(deviceKeys.publicKeyPem);
    expect(read.publicKeyHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is one that forge reads and finds genuine", () => {
    const read = forge.pki.certificationRequestFromPem(derToPem(request, "CERTIFICATE REQUEST"));
    expect((read as unknown as forge.pki.Certificate).verify(read as never)).toBe(true);
  });

  it("is read when forge made it", () => {
    const other = forge.pki.createCertificationRequest();
    other.publicKey = forge.pki.publicKeyFromPem(deviceKeys.publicKeyPem);
    other.setSubject([
      { name: "organizationName", value: "Example" },
      { name: "commonName", value: "phone" },
    ]);
    other.setAttributes([{ name: "challengePassword", value: "once" }]);
    other.sign(forge.pki.privateKeyFromPem(deviceKeys.privateKeyPem), forge.md.sha256.create());
    const der = pemToDer(forge.pki.certificationRequestToPem(other));
    expect(readSigningRequest(der)).toMatchObject({
      commonName: "phone",
      publicKeyPem: deviceKeys.publicKeyPem,
    });
  });

  it("is refused when it isn't signed with its own key", () => {
    const theirs = createSigningRequest({ commonName: "00008030-é", keys: serverKeys });
    const signature = theirs.subarray(-256);
    expect(outcome(() => readSigningRequest(Buffer.concat([request.subarray(0, -256), signature])))).toBe(
      refused,
    );
    expect(
      outcome(() => readSigningRequest(replaced(request, Buffer.from("00008030"), Buffer.from("00008031")))),
    ).toBe(refused);
  });

  /** Signed properly, with whatever key forge takes. */
  function requestWith(keys: KeyPair, subject: forge.pki.CertificateField[]): Buffer {
    const other = forge.pki.createCertificationRequest();
    other.publicKey = forge.pki.publicKeyFromPem(keys.publicKeyPem);
    other.setSubject(subject);
    other.sign(forge.pki.privateKeyFromPem(keys.privateKeyPem), forge.md.sha256.create());
    return pemToDer(forge.pki.certificationRequestToPem(other));
  }
  it.each<[string, () => Buffer]>([
    ["a key of 1024 bits", () => requestWith(weakKeys, [{ name: "commonName", value: "a" }])],
    ["no common name", () => requestWith(deviceKeys, [{ name: "organizationName", value: "a" }])],
    [
      "two common names",
      () =>
        requestWith(deviceKeys, [
          { name: "commonName", value: "a" },
          { name: "commonName", value: "b" },
        ]),
    ],
    [
      "too long a common name",
      () => requestWith(deviceKeys, [{ name: "commonName", value: "a".repeat(65) }]),
    ],
  ])("is refused with %s", (_name, make) => {
    expect(outcome(() => readSigningRequest(make()))).toBe(refused);
  });

  it.each<[string, KeyPair]>([
    ["an elliptic curve", curveKeys],
    ["1024 bits", weakKeys],
  ])("can't be made for a key of %s", (_name, keys) => {
    expect(outcome(() => createSigningRequest({ commonName: "a", keys }))).toBe(refused);
  });
});

describe("an issued certificate", () => {
  it("is an end-entity's, for client signatures only", () => {
    const certificate = forge.pki.certificateFromPem(derToPem(device, "CERTIFICATE"));
    expect(certificate.getExtension("basicConstraints")).toMatchObject({ critical: true, cA: false });
    expect(certificate.getExtension("keyUsage")).toMatchObject({
      critical: true,
      digitalSignature: true,
      keyCertSign: false,
    });
    expect(certificate.getExtension("extKeyUsage")).toEqual({
      id: "2.5.29.37",
      name: "extKeyUsage",
      critical: false,
      clientAuth: true,
      value: expect.any(String),
    });
  });

  it("tells what it was given", () => {
    expect(readCertificate(device)).toEqual({
      fingerprint: new X509Certificate(device).fingerprint256.replaceAll(":", "").toLowerCase(),
      serial: "8001020304",
      commonName: "00008030-é",
      issuerCommonName: "Pippin CA",
      notBefore: start,
      notAfter: start + 365 * day,
      publicKeyPem: deviceKeys.publicKeyPem,
    });
  });

  it("is refused when a name in it isn't text", () => {
    for (const name of [Buffer.from("00008030-é"), Buffer.from("Pippin CA")]) {
      const field = (tag: number) => Buffer.concat([Buffer.from([tag, name.length]), name]);
      expect(outcome(() => readCertificate(replaced(device, field(0x0c), field(0x0d))))).toBe(refused);
    }
  });

  it("is the same bytes for the same arguments, and others for another serial number", () => {
    expect(issueCertificate(deviceOptions)).toEqual(device);
    expect(issueCertificate({ ...deviceOptions, serial: Buffer.from([2]) })).not.toEqual(device);
  });

  it.each([
    ["00ff", "ff"],
    ["0000007f", "7f"],
    ["80", "80"],
    ["ff".repeat(19), "ff".repeat(19)],
  ])("writes serial number %s as the positive integer %s", (given, kept) => {
    const der = issueCertificate({ ...deviceOptions, serial: Buffer.from(given, "hex") });
    expect(readCertificate(der).serial).toBe(kept);
    expect(verifyIssuedBy(der, authority, start)).toBe("valid");
  });

  it.each([
    ["an empty serial number", { serial: Buffer.alloc(0) }],
    ["serial number zero", { serial: Buffer.alloc(8) }],
    ["too long a serial number", { serial: Buffer.alloc(21, 1) }],
    ["a key of 1024 bits", { publicKeyPem: weakKeys.publicKeyPem }],
    ["a key on a curve", { publicKeyPem: curveKeys.publicKeyPem }],
    ["something that is no key", { publicKeyPem: "key" }],
    ["no name", { commonName: "" }],
    ["a name too long", { commonName: "a".repeat(65) }],
  ])("isn't made with %s", (_name, change) => {
    expect(outcome(() => issueCertificate({ ...deviceOptions, ...change }))).toBe(refused);
  });

  it("may outlast 2049, when the form of dates changes", () => {
    const notAfter = Date.UTC(2055, 0, 1);
    expect(readCertificate(issueCertificate({ ...deviceOptions, notAfter })).notAfter).toBe(notAfter);
  });
});

describe("trust in a certificate", () => {
  it.each([
    [start - 1, "not-yet-valid"],
    [start, "valid"],
    [start + 365 * day, "valid"],
    [start + 365 * day + 999, "valid"],
    [start + 365 * day + 1000, "expired"],
  ])("at %i is %s", (now, answer) => {
    expect(verifyIssuedBy(device, authority, now)).toBe(answer);
  });

  it("ends with the authority's own", () => {
    const outlasting = issueCertificate({ ...deviceOptions, notAfter: start + 9999 * day });
    expect(verifyIssuedBy(outlasting, authority, start + 3650 * day)).toBe("valid");
    expect(verifyIssuedBy(outlasting, authority, start + 3651 * day)).toBe("expired");
  });

  it("isn't given to another authority of the same name, or of the same key", () => {
    const twin = createAuthority({ ...authorityOptions, keys: deviceKeys });
    expect(verifyIssuedBy(issueCertificate({ ...deviceOptions, authority: twin }), twin, start)).toBe(
      "valid",
    );
    expect(verifyIssuedBy(issueCertificate({ ...deviceOptions, authority: twin }), authority, start)).toBe(
      "untrusted",
    );
    const renamed = createAuthority({ ...authorityOptions, commonName: "Another CA" });
    expect(verifyIssuedBy(device, renamed, start)).toBe("untrusted");
  });

  it("isn't given to what an end-entity signed", () => {
    const impostor = {
      certificatePem: derToPem(device, "CERTIFICATE"),
      privateKeyPem: deviceKeys.privateKeyPem,
    };
    const forged = issueCertificate({ ...deviceOptions, authority: impostor, commonName: "victim" });
    expect(new X509Certificate(forged).verify(new X509Certificate(device).publicKey)).toBe(true);
    expect(verifyIssuedBy(forged, impostor, start)).toBe("untrusted");
    expect(verifyIssuedBy(forged, authority, start)).toBe("untrusted");
  });

  it("isn't given to a certificate that was changed", () => {
    const changed = replaced(device, Buffer.from("00008030"), Buffer.from("00008031"));
    expect(readCertificate(changed).commonName).toBe("00008031-é");
    expect(verifyIssuedBy(changed, authority, start)).toBe("untrusted");
  });

  it("is given to the authority's own certificate", () => {
    expect(verifyIssuedBy(pemToDer(authority.certificatePem), authority, start)).toBe("valid");
  });
});

describe("a signed message", () => {
  it("gives back its content and its signer", () => {
    const opened = verifyCms(cms);
    expect(opened.content).toEqual(message);
    expect(opened.signerCertificate).toEqual(pemToDer(authority.certificatePem));
  });

  it("is the same bytes for the same arguments, and others at another time", () => {
    expect(signCms(message, authority, start)).toEqual(cms);
    expect(signCms(message, authority, start + 1000)).not.toEqual(cms);
  });

  it("is one that forge reads", () => {
    const read = forge.pkcs7.messageFromAsn1(forge.asn1.fromDer(cms.toString("latin1")));
    const certificates = (read as forge.pkcs7.PkcsSignedData).certificates;
    expect(certificates.map((certificate) => certificate.serialNumber)).toEqual(["01"]);
    expect(forge.util.decodeUtf8(String(read.rawCapture.content.value[0].value))).toBe(message.toString());
  });

  it("is opened when forge made it", () => {
    // forge writes names beyond ASCII wrongly when it copies them from a certificate.
    const plain = createAuthority({ ...authorityOptions, organisation: "Example" });
    const other = forge.pkcs7.createSignedData();
    other.content = forge.util.createBuffer("hello");
    other.addCertificate(plain.certificatePem);
    other.addSigner({
      key: plain.privateKeyPem,
      certificate: plain.certificatePem,
      digestAlgorithm: forge.pki.oids.sha256!,
      authenticatedAttributes: [
        { type: forge.pki.oids.contentType!, value: forge.pki.oids.data! },
        { type: forge.pki.oids.messageDigest! },
      ],
    });
    other.sign();
    const der = Buffer.from(forge.asn1.toDer(other.toAsn1()).getBytes(), "latin1");
    expect(verifyCms(der).content.toString()).toBe("hello");
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["every byte", Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
    ["100 KB", Buffer.alloc(100_000, 0x61)],
  ])("holds %s", (_name, content) => {
    expect(verifyCms(signCms(content, authority, Date.UTC(2060, 0, 1))).content).toEqual(content);
  });

  it.each<[string, Buffer, Buffer]>([
    ["its content", Buffer.from("a profile"), Buffer.from("A profile")],
    ["its time", Buffer.from("160601120000Z"), Buffer.from("170601120000Z")],
    [
      "its digest algorithm",
      Buffer.from("0609608648016503040201", "hex"),
      Buffer.from("0609608648016503040202", "hex"),
    ],
    ["its signature", cms.subarray(-20), Buffer.alloc(20, 7)],
  ])("is refused when %s was changed", (_name, from, to) => {
    const at = cms.lastIndexOf(from);
    const changed = Buffer.concat([cms.subarray(0, at), to, cms.subarray(at + from.length)]);
    expect(changed).not.toEqual(cms);
    expect(outcome(() => verifyCms(changed))).toBe(refused);
  });

  it("is refused when another's certificate is put in", () => {
    const twin = createAuthority({ ...authorityOptions, keys: deviceKeys });
    const swapped = replaced(cms, pemToDer(authority.certificatePem), pemToDer(twin.certificatePem));
    expect(outcome(() => verifyCms(swapped))).toBe(refused);
  });
});

describe("a signature", () => {
  it("is RSASSA-PKCS1-v1_5 with SHA-256", () => {
    expect(signBytes(message, deviceKeys.privateKeyPem)).toEqual(
      sign("sha256", message, deviceKeys.privateKeyPem),
    );
  });

  it("is told from others", () => {
    const signature = signBytes(message, deviceKeys.privateKeyPem);
    expect(verifyBytes(message, signature, deviceKeys.publicKeyPem)).toBe(true);
    expect(verifyBytes(Buffer.from("other"), signature, deviceKeys.publicKeyPem)).toBe(false);
    expect(verifyBytes(message, signature, serverKeys.publicKeyPem)).toBe(false);
    expect(verifyBytes(message, signature.subarray(1), deviceKeys.publicKeyPem)).toBe(false);
    expect(verifyBytes(message, Buffer.alloc(0), deviceKeys.publicKeyPem)).toBe(false);
  });

  it("is refused for keys that aren't RSA, or too short", () => {
    for (const keys of [curveKeys, weakKeys, { privateKeyPem: "a", publicKeyPem: "b" }]) {
      expect(outcome(() => signBytes(message, keys.privateKeyPem))).toBe(refused);
      expect(outcome(() => verifyBytes(message, Buffer.alloc(256), keys.publicKeyPem))).toBe(refused);
    }
  });

  it("says nothing of the key in a refusal", () => {
    const secret = `-----BEGIN PRIVATE KEY-----\n${"c2VjcmV0".repeat(8)}\n-----END PRIVATE KEY-----\n`;
    try {
      signBytes(message, secret);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain("c2VjcmV0");
      expect(String((error as Error).cause)).not.toContain("c2VjcmV0");
    }
  });
});

describe("PEM", () => {
  it("is DER in lines of 64, and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        const pem = derToPem(bytes, "CERTIFICATE");
        expect(pem.split("\n").every((line) => line.length <= 64)).toBe(true);
        expect(pemToDer(pem)).toEqual(Buffer.from(bytes));
      }),
    );
    expect(new X509Certificate(derToPem(device, "CERTIFICATE")).raw).toEqual(device);
  });

  it.each([
    ["nothing", ""],
    ["no block", "AQID"],
    ["an empty block", "-----BEGIN A-----\n-----END A-----\n"],
    ["two labels", "-----BEGIN A-----\nAQID\n-----END B-----\n"],
    ["two blocks", derToPem(device, "A") + derToPem(device, "A")],
    ["bad base64", "-----BEGIN A-----\nAQI\n-----END A-----\n"],
  ])("is refused with %s", (_name, pem) => {
    expect(outcome(() => pemToDer(pem))).toBe(refused);
  });
});

describe("bytes from strangers", () => {
  /** What may come of damaged bytes that are read all the same: some of theirs are covered by no signature. */
  const readers: [string, Buffer, (der: Uint8Array) => unknown, (result: unknown) => void][] = [
    [
      "certificate",
      device,
      (der) => [readCertificate(der), verifyIssuedBy(der, authority, start)],
      (result) => expect(result).toMatchObject({ 1: "untrusted" }),
    ],
    ["signing request", request, readSigningRequest, () => expect.unreachable()],
    ["signed message", cms, verifyCms, (result) => expect(result).toMatchObject({ content: message })],
  ];
  describe.each(readers)("read as a %s", (_name, genuine, read, harmless) => {
    it("are read when genuine", () => {
      expect(outcome(() => read(genuine))).not.toBe(refused);
      expect(outcome(() => read(new Uint8Array(genuine)))).not.toBe(refused);
    });

    it("are refused when cut anywhere, or when anything follows", () => {
      for (let length = 0; length < genuine.length; length += length < 80 ? 1 : 37)
        expect(
          outcome(() => read(genuine.subarray(0, length))),
          `${length} bytes`,
        ).toBe(refused);
      expect(outcome(() => read(Buffer.concat([genuine, Buffer.from([0])])))).toBe(refused);
      expect(outcome(() => read(Buffer.concat([genuine, genuine])))).toBe(refused);
    });

    it.each<[string, Buffer]>([
      ["zeros", Buffer.alloc(1000)],
      ["ones", Buffer.alloc(1000, 0xff)],
      ["PEM", Buffer.from(authority.certificatePem)],
      ["text", Buffer.from("hello")],
      ["an empty sequence", Buffer.from([0x30, 0])],
      ["a deep nest", Buffer.alloc(60_000, 0x30)],
      [
        "a deep nest without lengths",
        Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index % 2 ? 0x80 : 0x30))),
      ],
      [
        "30,000 nulls",
        Buffer.concat([Buffer.from([0x30, 0x82, 0xea, 0x60]), Buffer.alloc(60_000, Buffer.from([5, 0]))]),
      ],
      ["a length of 4 GB", Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30])],
      ["more than is taken", Buffer.alloc(8 * certificateBytesMax, 0x30)],
    ])("are refused when they are %s", (_name, bytes) => {
      expect(outcome(() => read(bytes))).toBe(refused);
    });

    it("are read or refused when damaged, and never trusted", () => {
      fc.assert(
        fc.property(fc.nat({ max: genuine.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const damaged = Buffer.from(genuine);
          damaged[at] = (damaged[at] ?? 0) ^ flip;
          const result = outcome(() => read(damaged));
          if (result !== refused) harmless(result);
        }),
        { numRuns: 300 },
      );
    });
  });
});
