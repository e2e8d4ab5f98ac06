import { createCipheriv, createDecipheriv } from "node:crypto";
import { join } from "node:path";
import { PippinError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";

const cipher = "aes-256-gcm";
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const plainCharsMax = 64 * 1024;
const keyFileName = "secret.key";
const sealedForm = /^v1\.([\w-]+)\.([\w-]*)\.([\w-]+)$/;

/** Keeps short secrets unreadable at rest. */
export interface SecretBox {
  /** `context` names the place the secret belongs to (e.g. `accounts/vpp`): it can't be opened as any other's. */
  seal(plain: string, context: string): string;
  /** Throws `store_corrupt` when it was altered, belongs elsewhere, or was sealed under another key. */
  open(sealed: string, context: string): string;
}

/** AES-256-GCM; a sealed text is `v1.<iv>.<ciphertext>.<tag>`, each in base64url. */
export function createSecretBox(key: Buffer, randomBytes: (length: number) => Buffer): SecretBox {
  if (key.length !== keyBytes) throw new Error(`A secret box takes a key of ${keyBytes} bytes.`);
  return {
    seal(plain, context) {
      if (plain.length > plainCharsMax)
        throw new Error(`A secret has at most ${plainCharsMax} characters, not ${plain.length}.`);
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(
        Buffer.from(context),
      );
      const text = Buffer.concat([sealing.update(plain, "utf8"), sealing.final()]);
      return ["v1", ...[iv, text, sealing.getAuthTag()].map((part) => part.toString("base64url"))].join(".");
    },
    open(sealed, context) {
      const [iv, text, tag] = sealedForm.exec(sealed)?.slice(1).map(decodeBase64url) ?? [];
      if (iv?.length !== ivBytes || text === undefined || tag?.length !== tagBytes)
        throw new PippinError("store_corrupt", "A sealed secret does not have the form it should have.");
      const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes })
        .setAAD(Buffer.from(context))
        .setAuthTag(tag);
      try {
        return Buffer.concat([opening.update(text), opening.final()]).toString("utf8");
      } catch (error) {
        throw new PippinError(
          "store_corrupt",
          `A sealed secret can't be opened: it was altered, or sealed under another ${keyFileName}.`,
          { cause: error },
        );
      }
    },
  };
}

/**
 * The key that seals what the store in this folder keeps secret: read from `secret.key`, made at the first start. Call it while
 * holding the store of the folder, so that two processes can't both make one.
 *
 * Throws `configuration_invalid` when the file holds no key, and `store_corrupt` when it is missing and there are secrets already
 * (`isFirstStart` is false): a new one would make every sealed secret unreadable.
 */
export async function loadMasterKey(
  world: Pick<World, "disk" | "randomBytes">,
  directory: string,
  { isFirstStart = true }: { isFirstStart?: boolean } = {},
): Promise<Buffer> {
  const path = join(directory, keyFileName);
  const content = await world.disk.readFile(path);
  if (content === undefined && !isFirstStart)
    throw new PippinError(
      "store_corrupt",
      `${path} is missing, and what the store keeps sealed can't be opened without it. Restore it from a copy.`,
    );
  if (content === undefined) {
    const key = world.randomBytes(keyBytes);
    await world.disk.makeDirectory(directory);
    await world.disk.writeFileAtomic(path, `${key.toString("hex")}\n`);
    return key;
  }
  const hex = content.toString("latin1").trim();
  if (!/^[0-9a-f]{64}$/i.test(hex))
    throw new PippinError(
      "configuration_invalid",
      `${path} should hold ${2 * keyBytes} hexadecimal digits. Restore it from a copy: nothing else opens the sealed secrets.`,
    );
  return Buffer.from(hex, "hex");
}

/** The box for the store in this folder. Throws as `loadMasterKey` does. */
export async function openSecretBox(
  world: Pick<World, "disk" | "randomBytes">,
  directory: string,
  options: { isFirstStart?: boolean } = {},
): Promise<SecretBox> {
  const key = await loadMasterKey(world, directory, options);
  return createSecretBox(key, (length) => world.randomBytes(length));
}

/** Undefined unless it is the one way to write these bytes, so that no altered text opens. */
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
