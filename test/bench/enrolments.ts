import { generateKeyPairSync, sign } from "node:crypto";
import { createLinks, type BenchLab } from "./bench-lab.ts";
import type { Figure } from "./report.ts";

/** Phones on their way at once. */
const width = 32;
const warmUpCount = 50;

/** Two by the server (the profile, the certificate) and two by the phone (the request, the proof). */
const signaturesEach = 4;
const signaturesMeasured = 500;
/** Phones that make their own keys. */
const ownKeyCount = 64;

/**
 * Enrols `count` real agents, the first few of which only warm up: `warm` is called behind them, with how many there are. They stay
 * connected. The yardstick is what public-key work alone would allow: machines differ in it by a factor of five.
 */
export async function measureEnrolments(
  lab: BenchLab,
  count: number,
  warm: (count: number) => Promise<void>,
): Promise<Figure[]> {
  const signMs = measureSignature();
  const urls = await createLinks(lab.admin, count);
  await lab.phones.call("enrol", { urls: urls.splice(0, warmUpCount), width });
  await warm(warmUpCount);
  const measured = urls.length;
  const before = [
    await lab.server.call("cpuMs", undefined),
    await lab.phones.call("cpuMs", undefined),
  ] as const;
  const seconds = await lab.phones.call("enrol", { urls, width });
  const [serverMs, phonesMs] = [
    (await lab.server.call("cpuMs", undefined)) - before[0],
    (await lab.phones.call("cpuMs", undefined)) - before[1],
  ];
  const perSecond = measured / seconds;
  const figure: Figure = {
    id: "enrolments",
    title: "Enrolments",
    value: perSecond,
    unit: "phones/s",
    goal: { at: "least", value: 500 },
    how: `${measured} real agents, ${width} on their way at once, keys from a pool of 8: signed profile fetched and checked, CSR, certificate, channel, proof, Authenticate, TokenUpdate. ${(serverMs / measured).toFixed(1)} ms of CPU each in the server, ${(phonesMs / measured).toFixed(1)} ms in the fleet.`,
  };
  return [
    {
      id: "signature",
      title: "Yardstick: one RSA-2048 signature",
      value: signMs,
      unit: "ms",
      how: "By the platform, on one core, the key at hand. An enrolment takes four, two in either process.",
    },
    figure,
    await measureOwnKeys(lab),
    {
      id: "enrolmentsRatio",
      title: "… as a share of what the signatures alone would allow",
      value: (perSecond * signMs * (signaturesEach / 2)) / 1_000,
      unit: "",
      how: "Two signatures a phone in each of two processes on two cores, and nothing else.",
    },
  ];
}

/** They don't stay: the lab is as it was. */
async function measureOwnKeys(lab: BenchLab): Promise<Figure> {
  const urls = await createLinks(lab.admin, ownKeyCount);
  const seconds = await lab.phones.call("enrolWithOwnKeys", { urls, width });
  return {
    id: "enrolmentsOwnKeys",
    title: "Enrolments, each phone with a key of its own",
    value: ownKeyCount / seconds,
    unit: "phones/s",
    goal: { at: "least", value: 10 },
    how: `${ownKeyCount} real agents, ${width} on their way at once; each makes an RSA-2048 key first, on Node's thread pool.`,
  };
}

/** Milliseconds. */
function measureSignature(): number {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const message = Buffer.alloc(256);
  const startedAt = performance.now();
  for (let made = 0; made < signaturesMeasured; made += 1) sign("sha256", message, privateKey);
  return (performance.now() - startedAt) / signaturesMeasured;
}
