/** The server's data folder, looked at or filled while no server has it. */
import { createLiveWorld } from "../../shared/live-world.ts";
import { openLowdbStore } from "../../server/store/lowdb-store.ts";
import type { CommandRecord, DeviceRecord, IdentityRecord } from "../../server/store/records.ts";

const world = createLiveWorld();
const batchSize = 250;

/** Reads what is there as the next start would. Counts commands whose result is stored. */
export async function countAcknowledged(dataDirectory: string, udids: readonly string[]): Promise<number> {
  const store = await openLowdbStore({ disk: world.disk, directory: dataDirectory });
  try {
    return await store.read(async (reader) => {
      let count = 0;
      for (const partition of udids) {
        const settled = await reader.list("commands", { index: "settled", partition, limit: 1_000 });
        count += settled.filter(({ state, result }) => state === "acknowledged" && result !== null).length;
      }
      return count;
    });
  } finally {
    await store.close();
  }
}

/** Writes so many enrolled devices, each with its identity and some settled commands. */
export async function fillStore(
  dataDirectory: string,
  options: { devices: number; commandsEach: number },
): Promise<void> {
  const store = await openLowdbStore({ disk: world.disk, directory: dataDirectory });
  try {
    for (let first = 0; first < options.devices; first += batchSize) {
      await store.transaction(async (tx) => {
        for (let at = first; at < Math.min(first + batchSize, options.devices); at += 1) {
          const { device, identity } = makeDevice();
          await tx.put("devices", device);
          await tx.put("identities", identity);
          for (let count = 0; count < options.commandsEach; count += 1)
            await tx.put("commands", makeCommand(device.id, await tx.sequence()));
        }
      });
    }
  } finally {
    await store.close();
  }
}

function makeDevice(): { device: DeviceRecord; identity: IdentityRecord } {
  const now = world.now();
  const udid = world.randomBytes(20).toString("hex");
  const fingerprint = world.randomBytes(32).toString("hex");
  const device: DeviceRecord = {
    id: udid,
    serialNumber: `F${udid.slice(0, 11).toUpperCase()}`,
    kind: "device",
    supervised: false,
    userId: null,
    state: "enrolled",
    identity: fingerprint,
    topic: "com.apple.mgmt.bench",
    pushMagic: world.randomBytes(64).toString("base64"),
    pushToken: world.randomBytes(32).toString("base64"),
    awaitingConfiguration: false,
    productName: "iPhone8,1",
    osVersion: "9.3.2",
    enrolledAt: now,
    lastSeenAt: now,
  };
  const identity: IdentityRecord = {
    id: fingerprint,
    serial: world.randomBytes(16).toString("hex"),
    enrollmentTokenId: world.uuid(),
    kind: "device",
    userId: null,
    udid,
    issuedAt: now,
    expiresAt: now + 365 * 86_400_000,
    revokedAt: null,
  };
  return { device, identity };
}

function makeCommand(udid: string, sequence: number): CommandRecord {
  const now = world.now();
  const id = world.uuid();
  return {
    id,
    udid,
    sequence,
    requestType: "DeviceInformation",
    command: { RequestType: "DeviceInformation", Queries: ["DeviceName", "OSVersion"] },
    state: "acknowledged",
    createdAt: now,
    expiresAt: now + 30 * 86_400_000,
    sentAt: now,
    sendCount: 1,
    notNowCount: 0,
    settledAt: now,
    result: {
      UDID: udid,
      CommandUUID: id,
      Status: "Acknowledged",
      QueryResponses: { DeviceName: "Bench phone", OSVersion: "9.3.2" },
    },
    duplicateResults: 0,
    installationId: null,
    origin: "bench",
    cause: 0,
  };
}
