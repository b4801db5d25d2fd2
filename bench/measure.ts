import type { Run } from "./concurrency.js"
import type { Reading } from "./readings.js"
import type { Task } from "./tasks.js"
import { type Concurrency, concurrencies } from "./works.js"

/** What one call cost, in microseconds. */
interface Sample {
  readonly cpu: number
  readonly wall: number
}

/**
 * Measures `calls` calls, after a few that do not count.
 *
 * There is no garbage collection between the calls. It would also drop what V8 has learned about objects that are not
 * alive at that moment. The next calls would then run like those of a program that has just started.
 */
const sample = async (run: Run, calls: number): Promise<Sample> => {
  await run(Math.ceil(calls / 10))
  const wallBefore = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  await run(calls)
  const { user, system } = process.cpuUsage(cpuBefore)
  const wall = Number(process.hrtime.bigint() - wallBefore) / 1_000
  return { cpu: (user + system) / calls, wall: wall / calls }
}

const check = async ({ client, expected, work }: Task, run: Run): Promise<void> => {
  const value = await run(1)
  if (value !== expected) throw new Error(`${work} by ${client} returned ${value}, expected ${expected}`)
}

/**
 * Measures the tasks in turn, round after round, after the warm-up rounds. V8 compiles the code during the warm-up, as it
 * does in a server that runs for a long time. The clients of one work follow each other, so that a disturbance affects all
 * of them. Every second round has the reverse order, because a client leaves its garbage to the next one.
 */
export const measure = async (
  tasks: ReadonlyArray<Task>,
  rounds: number,
  warmUps: number,
  atOnce: ReadonlyArray<Concurrency> = concurrencies
): Promise<ReadonlyArray<Reading>> => {
  const works = [...new Set(tasks.map(({ work }) => work))]
  const measured = works.flatMap((work) =>
    atOnce.flatMap((concurrency) =>
      tasks
        .filter((task) => task.work === work)
        .map((task) => ({
          task,
          concurrency,
          run: task.runIn(concurrency),
          // The loops share the calls evenly.
          calls: Math.ceil(task.calls / concurrency) * concurrency,
          samples: [] as Array<Sample>
        }))
    )
  )
  for (const { run, task } of measured) await check(task, run)
  for (let round = -warmUps; round < rounds; round++) {
    for (const { calls, run, samples } of round % 2 === 0 ? measured : [...measured].reverse()) {
      const each = await sample(run, calls)
      if (round >= 0) samples.push(each)
    }
  }
  return measured.map(({ concurrency, samples, task: { client, work } }) => ({
    work,
    client,
    concurrency,
    cpu: samples.map(({ cpu }) => cpu),
    wall: samples.map(({ wall }) => wall)
  }))
}
