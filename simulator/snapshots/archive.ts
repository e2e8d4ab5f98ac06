/**
 * A whole lab in one file: a line with the form, its version and the SHA-256 of all that follows; a line of JSON that says what is in
 * it; and then the files themselves, one after the other.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";

export const archiveVersion = 1;
const firstLinePattern = /^pippin-lab (\d{1,9}) ([0-9a-f]{64})$/;
const firstLineBytesMax = 100;
const filesMax = 200_000;

/** What a lab began with; a reset begins with it again. */
export const Beginning = z.strictObject({
  seed: z.string().min(1).max(64),
  /** `journey` plays it, `fleet` has so many generated phones, `nothing` has neither. */
  play: z.enum(["journey", "fleet", "nothing"]),
  fleetSize: z.number().int().min(0),
});
export type Beginning = z.infer<typeof Beginning>;

const Head = z.strictObject({
  takenAt: z.iso.datetime(),
  beginning: Beginning.nullable(),
  /** Where the phones of the lab find their server. */
  serverUrl: z.url().nullable(),
  phoneCount: z.number().int().min(0),
  files: z
    .array(
      z.strictObject({
        // As the lab itself names them: no way out of its folder.
        path: z
          .string()
          .regex(/^(?:apple\.json|server\/[\w.-]+|phones\/phones\.json|phones\/[\w-]+\/phone\.json)$/),
        bytes: z.number().int().min(0),
      }),
    )
    .max(filesMax),
});

export interface LabFile {
  /** From the lab's folder on. */
  readonly path: string;
  readonly content: Buffer;
}

export interface LabArchive {
  /** ISO 8601, by the lab's clock. */
  readonly takenAt: string;
  readonly beginning: Beginning | null;
  readonly serverUrl: string | null;
  readonly phoneCount: number;
  readonly files: readonly LabFile[];
}

export function encodeArchive(archive: LabArchive): Buffer {
  const { files, ...facts } = archive;
  const head = { ...facts, files: files.map(({ path, content }) => ({ path, bytes: content.length })) };
  const rest = Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    ...files.map(({ content }) => content),
  ]);
  return Buffer.concat([Buffer.from(`pippin-lab ${archiveVersion} ${sha256(rest)}\n`), rest]);
}

/** Throws PippinError `snapshot_damaged` for what is none or not whole any more, `snapshot_too_new` for a later form. */
export function decodeArchive(bytes: Buffer): LabArchive {
  const [firstLine, rest] = cutLine(bytes, firstLineBytesMax);
  const [, version, checksum] = firstLinePattern.exec(firstLine) ?? [];
  if (version === undefined) throw damaged("it doesn't begin as one");
  if (Number(version) > archiveVersion)
    throw new PippinError(
      "snapshot_too_new",
      `This snapshot has form ${version}; this Pippin reads forms up to ${archiveVersion}.`,
    );
  if (sha256(rest) !== checksum) throw damaged("its checksum doesn't fit: it is cut short or was changed");
  const [headLine, content] = cutLine(rest, rest.length);
  const head = Head.safeParse(parseJson(headLine));
  if (!head.success) throw damaged("its table of contents is not as expected");
  const { files, ...facts } = head.data;
  let at = 0;
  const cut = files.map(({ path, bytes: length }): LabFile => {
    at += length;
    return { path, content: content.subarray(at - length, at) };
  });
  if (at !== content.length) throw damaged("its table of contents doesn't fit what follows");
  return { ...facts, files: cut };
}

function cutLine(bytes: Buffer, bytesMax: number): [line: string, rest: Buffer] {
  const end = bytes.subarray(0, bytesMax).indexOf(0x0a);
  return end < 0 ? ["", bytes] : [bytes.toString("utf8", 0, end), bytes.subarray(end + 1)];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function damaged(why: string): PippinError {
  return new PippinError("snapshot_damaged", `This is no snapshot that can be used: ${why}.`);
}
