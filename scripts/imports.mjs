// Checks the import rules of the sources, `.dependency-cruiser.mjs`, with the files of each Effect major.
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const command = join("node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs")
for (const major of ["effect3", "effect4"]) {
  console.log(`== ${major}`)
  const { status } = spawnSync(process.execPath, [command, "--config", ".dependency-cruiser.mjs", "src"], {
    stdio: "inherit",
    env: { ...process.env, EFFECT_MAJOR: major }
  })
  if (status !== 0) process.exitCode = 1
}
