import { createHash, randomBytes } from "node:crypto";
import { link, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemCodeOf } from "./live-errors.ts";
import { DiskError } from "./world.ts";

/** Addresses of unix domain sockets have room for 103 bytes on macOS and 107 on Linux. */
const socketPathBytesMax = 100;
const attemptsMax = 5;
/** How long a starter that was about to clear away the same dead lock may still be at it. */
const settleMs = 50;

/**
 * Locks a folder. The lock is a listening unix domain socket, as the system closes it however the process ends: whoever
 * finds the name taken asks whether anybody answers there, and if not, nobody holds the lock any more.
 *
 * The socket is bound to a name of its own and then linked to the common one. A link never replaces an existing name, so of
 * two starters one fails; and libuv removes the name a socket was bound to when the socket closes, which must not be a
 * name that somebody else may hold by then.
 */
export async function lockDirectory(
  directory: string,
  namePrefix: string,
): Promise<{ release(): Promise<void> }> {
  const commonPath = lockPathFor(await realpath(directory), namePrefix);
  const ownPath = join(dirname(commonPath), `${basename(commonPath)}-${randomBytes(4).toString("hex")}`);
  const server = await listenAt(ownPath);
  try {
    await linkToCommonName(ownPath, commonPath, directory);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  await removeDeadNames(commonPath);
  return {
    release: async () => {
      if (!server.listening) return;
      if (await isSameFile(ownPath, commonPath)) await rm(commonPath, { force: true });
      await closeServer(server);
    },
  };
}

function lockPathFor(directory: string, namePrefix: string): string {
  const inside = join(directory, `${namePrefix}lock`);
  const suffixBytes = "-12345678".length;
  if (Buffer.byteLength(inside) + suffixBytes <= socketPathBytesMax) return inside;
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  return join(tmpdir(), `${namePrefix}${hash}`);
}

async function linkToCommonName(ownPath: string, commonPath: string, directory: string): Promise<void> {
  const locked = () => new DiskError("locked", `${directory} is in use by another process.`);
  let clearedDeadLock = false;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await link(ownPath, commonPath);
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw error;
      const identity = await identityOf(commonPath);
      if (await answers(commonPath)) throw locked();
      if (identity !== undefined) await clearAway(commonPath, identity);
      clearedDeadLock = true;
      continue;
    }
    if (!clearedDeadLock) return;
    // Somebody who found the same dead lock may have cleared away ours in its place.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    if (await isSameFile(ownPath, commonPath)) return;
    throw locked();
  }
  throw locked();
}

/** Removes the dead lock, and puts back what it took if that was a living one which had just replaced it. */
async function clearAway(commonPath: string, deadIdentity: string): Promise<void> {
  if ((await identityOf(commonPath)) !== deadIdentity) return;
  const aside = `${commonPath}-${randomBytes(4).toString("hex")}.dead`;
  try {
    await rename(commonPath, aside);
    if ((await identityOf(aside)) !== deadIdentity) await link(aside, commonPath);
  } catch (error) {
    // Gone already, or replaced already: somebody else was quicker.
    if (!["ENOENT", "EEXIST"].includes(systemCodeOf(error))) throw error;
  }
  await rm(aside, { force: true });
}

/** Names that killed holders left behind. */
async function removeDeadNames(commonPath: string): Promise<void> {
  const folder = dirname(commonPath);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith(`${basename(commonPath)}-`) && !(await answers(path)))
      await rm(path, { force: true });
  }
}

function listenAt(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Whether a living process listens at `path`. Anything but a plain no counts as a yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", (error) => resolve(!["ECONNREFUSED", "ENOENT"].includes(systemCodeOf(error))));
  });
}

/** Inode numbers are reused at once on some file systems; the time of making tells two such files apart. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino}:${mtimeNs}`;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const identity = await identityOf(one);
  return identity !== undefined && identity === (await identityOf(other));
}
