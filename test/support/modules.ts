import { readdirSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { major } from "#test/major.js"

const src = fileURLToPath(new URL("../../src/", import.meta.url))

/** The exports of every module of the package, by file and name. A re-exported value is listed for each module. */
export const packageExports: Effect.Effect<ReadonlyArray<readonly [where: string, value: unknown]>> =
  Effect.promise(async () => {
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && (file.startsWith(`${major}/`) || !/^effect\d\//.test(file))
    )
    const modules = await Promise.all(
      files.map(
        async (file): Promise<readonly [string, object]> => [
          file,
          await import(/* @vite-ignore */ pathToFileURL(src + file).href)
        ]
      )
    )
    return modules.flatMap(([file, exports]) =>
      Object.entries(exports).map(([name, value]) => [`${file}: ${name}`, value] as const)
    )
  })
