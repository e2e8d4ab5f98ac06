// What programs import as "pippin". The lab is written in TypeScript; this lets Node run it as it is.
import "./typescript.mjs";

export const { ApiError, PippinError, defineScenario, LabPerson, LabPhone, startLab, TestLab } =
  await import("./library/index.ts");
