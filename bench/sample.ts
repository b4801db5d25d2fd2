/** What one call cost, in microseconds. */
export interface Sample {
  readonly cpu: number
  readonly wall: number
}

export const collectGarbage = (): void => {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc")
  globalThis.gc()
}

export const liveHeapBytes = (): number => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/**
 * Measures `calls` calls, after a few that do not count.
 *
 * There is no garbage collection between the calls. It would also drop what V8 has learned about objects that are not
 * alive at that moment. The next calls would then run like those of a program that has just started.
 */
export const sample = async (run: (calls: number) => unknown, calls: number): Promise<Sample> => {
  await run(Math.ceil(calls / 10))
  const wallBefore = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  await run(calls)
  const { user, system } = process.cpuUsage(cpuBefore)
  const wall = Number(process.hrtime.bigint() - wallBefore) / 1_000
  return { cpu: (user + system) / calls, wall: wall / calls }
}

/** Measures each in turn, round after round. A disturbance of a round affects all of them. */
export const sampleInTurns = async <
  S extends { readonly run: (calls: number) => unknown; readonly calls: number }
>(
  subjects: ReadonlyArray<S>,
  rounds: number
) => {
  const measured = subjects.map((subject) => ({ subject, cpu: [] as number[], wall: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { subject, cpu, wall } of measured) {
      const each = await sample(subject.run, subject.calls)
      cpu.push(each.cpu)
      wall.push(each.wall)
    }
  }
  return measured
}
