import type { Run } from "./concurrency.js"
import type { Reading } from "./readings.js"
import type { Task } from "./tasks.js"
import { type Concurrency, concurrencies } from "./works.js"

interface Measured {
  readonly task: Task
  readonly concurrency: Concurrency
  readonly run: Run
  /** The calls in half a round. The loops share them evenly. */
  readonly half: number
  /** Microseconds of one call, for each round. */
  readonly cpu: Array<number>
  readonly wall: Array<number>
}

const prepare = (task: Task, concurrency: Concurrency): Measured => ({
  task,
  concurrency,
  run: task.runIn(concurrency),
  half: Math.ceil(task.calls / 2 / concurrency) * concurrency,
  cpu: [],
  wall: []
})

const check = async ({ run, task: { client, expected, work } }: Measured): Promise<void> => {
  const value = await run(1)
  if (value !== expected) throw new Error(`${work} by ${client} returned ${value}, expected ${expected}`)
}

/**
 * Returns the microseconds of `calls` calls, after a few that do not count.
 *
 * There is no garbage collection between the calls. It would also drop what V8 has learned about objects that are not
 * alive at that moment. The next calls would then run like those of a program that has just started.
 */
const costOf = async (run: Run, calls: number): Promise<{ readonly cpu: number; readonly wall: number }> => {
  await run(Math.ceil(calls / 10))
  const wallBefore = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  await run(calls)
  const { user, system } = process.cpuUsage(cpuBefore)
  return { cpu: user + system, wall: Number(process.hrtime.bigint() - wallBefore) / 1_000 }
}

/**
 * Measures the clients of one work in turn. The second half of the round has the reverse order. So a change of the
 * machine's speed affects all clients alike.
 */
const measureRound = async (group: ReadonlyArray<Measured>, isWarmUp: boolean): Promise<void> => {
  const costs = new Map<Measured, { cpu: number; wall: number }>()
  for (const each of [...group, ...[...group].reverse()]) {
    const { cpu, wall } = await costOf(each.run, each.half)
    const first = costs.get(each) ?? { cpu: 0, wall: 0 }
    costs.set(each, { cpu: first.cpu + cpu, wall: first.wall + wall })
  }
  if (isWarmUp) return
  for (const [{ cpu, half, wall }, cost] of costs) {
    cpu.push(cost.cpu / half / 2)
    wall.push(cost.wall / half / 2)
  }
}

/**
 * Measures the tasks round after round. V8 compiles the code during the warm-up rounds, as it does in a server that runs
 * for a long time.
 */
export const measure = async (
  tasks: ReadonlyArray<Task>,
  rounds: number,
  warmUps: number,
  atOnce: ReadonlyArray<Concurrency> = concurrencies
): Promise<ReadonlyArray<Reading>> => {
  const works = [...new Set(tasks.map(({ work }) => work))]
  const groups = works.flatMap((work) =>
    atOnce.map((concurrency) =>
      tasks.filter((task) => task.work === work).map((task) => prepare(task, concurrency))
    )
  )
  for (const each of groups.flat()) await check(each)
  for (let round = -warmUps; round < rounds; round++) {
    for (const group of groups) await measureRound(group, round < 0)
  }
  return groups
    .flat()
    .map(({ concurrency, cpu, task: { client, work }, wall }) => ({ work, client, concurrency, cpu, wall }))
}
