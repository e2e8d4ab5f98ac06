import { describe } from "vitest";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import { storeContract } from "../../contracts/store-contract.ts";

describe("the memory store", () => storeContract(() => ({ open: async () => openMemoryStore() }), []));
