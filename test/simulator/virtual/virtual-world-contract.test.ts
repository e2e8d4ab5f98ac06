import { describe } from "vitest";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";
import { worldContract } from "../../contracts/world-contract.ts";

describe.each([1, 2, 3])("the virtual world with seed %i", (seed) => {
  worldContract(async () => {
    const virtual = createVirtualWorld({ seed });
    const server = virtual.process("server");
    await server.disk.makeDirectory("/data");
    return {
      server: server.world,
      client: virtual.process("client").world,
      directory: "/data",
      run: (main) => virtual.run(main),
    };
  });
});
