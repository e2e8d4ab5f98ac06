/** The server's own certificate authority: it signs identities and enrolment profiles. */
import { z } from "zod";
import { createAuthority, type Authority } from "../../shared/certificates.ts";
import { PippinError } from "../../shared/errors.ts";
import type { ServerContext } from "../context.ts";
import type { SecretBox } from "../secrets.ts";

const settingId = "authority";
const keyContext = "authority private key";
const challengeContext = "authority challenge key";
const lifetimeMs = 10 * 365 * 24 * 60 * 60 * 1000;

const StoredAuthority = z.strictObject({
  certificatePem: z.string(),
  sealedPrivateKey: z.string(),
  sealedChallengeKey: z.string(),
  organisationId: z.string(),
});
type StoredAuthority = z.infer<typeof StoredAuthority>;

export interface DeviceAuthority extends Authority {
  /** Push topic of this server's enrolments; a phone can't change it later. */
  readonly topic: string;
  /** Keys the challenges of enrolment profiles. */
  readonly challengeKey: Buffer;
}

/** A certificate's serial number: positive and without a leading zero. */
export function serialFrom(random: Uint8Array): Buffer {
  const serial = Buffer.from(random);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

async function foundAuthority({ world }: ServerContext, box: SecretBox): Promise<StoredAuthority> {
  const now = world.now();
  const { certificatePem, privateKeyPem } = createAuthority({
    commonName: "Pippin Device Authority",
    organisation: "Pippin",
    keys: await world.generateKeyPair(),
    serial: serialFrom(world.randomBytes(16)),
    notBefore: now,
    notAfter: now + lifetimeMs,
  });
  return {
    certificatePem,
    sealedPrivateKey: box.seal(privateKeyPem, keyContext),
    sealedChallengeKey: box.seal(world.randomBytes(32).toString("base64"), challengeContext),
    organisationId: world.uuid(),
  };
}

/** Whether this installation has an authority already. */
export async function hasAuthority({ store }: ServerContext): Promise<boolean> {
  return (await store.read((reader) => reader.get("settings", settingId))) !== undefined;
}

/** The authority of this installation: founded at the first start, read at later ones. Throws store_corrupt. */
export async function loadAuthority(context: ServerContext, box: SecretBox): Promise<DeviceAuthority> {
  const { store } = context;
  const known = await store.read((reader) => reader.get("settings", settingId));
  // Keys can't be made inside a transaction.
  const founded = known === undefined ? await foundAuthority(context, box) : undefined;
  const setting = await store.transaction(async (tx) => {
    const current = await tx.get("settings", settingId);
    // Another process may have been faster.
    if (current !== undefined || founded === undefined) return current;
    await tx.put("settings", { id: settingId, value: founded });
    return { id: settingId, value: founded };
  });
  const stored = StoredAuthority.safeParse(setting?.value);
  if (!stored.success) {
    throw new PippinError("store_corrupt", "The setting `authority` can't be read.", { cause: stored.error });
  }
  const { certificatePem, sealedPrivateKey, sealedChallengeKey, organisationId } = stored.data;
  return {
    certificatePem,
    privateKeyPem: box.open(sealedPrivateKey, keyContext),
    challengeKey: Buffer.from(box.open(sealedChallengeKey, challengeContext), "base64"),
    topic: `com.apple.mgmt.pippin.${organisationId}`,
  };
}
