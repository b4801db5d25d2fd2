import { describe, expect, it } from "#test/vitest.js"
import { makeRandom } from "../../../src/core/emulator/ids.js"
import { type Instance, makeInstance } from "../../../src/core/emulator/instance.js"
import { listSessions, newSession, save } from "../../../src/core/emulator/sessions.js"
import { clearState, type State } from "../../../src/core/emulator/state.js"
import { seeded } from "../../support/random.js"

const moment = (now: number) => ({ now, random: makeRandom(now, 1, 2) })

const emptyInstance = (): Promise<Instance> =>
  makeInstance(
    {
      issuer: "https://clerk.test",
      secretKey: "sk_test_1",
      tokenLifetimeSeconds: 60,
      sessionLifetime: 1_000_000,
      refreshWindow: 1_000_000,
      verifyGone: false,
      production: false,
      origins: [],
      rateLimit: undefined,
      webhookSecret: undefined
    },
    moment(0)
  )

const add = (instance: Instance, now: number, fields: Parameters<typeof newSession>[2]) =>
  save(instance, moment(now), newSession(instance, moment(now), fields))

/** Counts the sessions that are read from the state. */
const countReads = ({ sessions }: State) => {
  const counted = { reads: 0 }
  const get = sessions.get.bind(sessions)
  sessions.get = (id) => {
    counted.reads++
    return get(id)
  }
  sessions.values = () => {
    throw new Error("all sessions are read")
  }
  sessions[Symbol.iterator] = sessions.entries = () => {
    throw new Error("all sessions are read")
  }
  return counted
}

describe("the list of sessions", () => {
  it("reads only the sessions of the user or the client, of 30,000", async () => {
    const instance = await emptyInstance()
    for (let index = 0; index < 30_000; index++) {
      add(instance, index, {
        id: `sess_${index}`,
        userId: `user_${index % 10_000}`,
        clientId: `client_${index}`
      })
    }
    const counted = countReads(instance.state)
    expect(listSessions(instance.state, 30_000, "user_7").map(({ id }) => id)).toEqual([
      "sess_20007",
      "sess_10007",
      "sess_7"
    ])
    expect(counted.reads).toBe(3)
    expect(listSessions(instance.state, 30_000, "client_20007")).toHaveLength(1)
    expect(listSessions(instance.state, 30_000, "user_unknown")).toEqual([])
    expect(counted.reads).toBe(4)
  })

  it("of one owner is the list of all without the others, in any order of creation and after changes", async () => {
    const instance = await emptyInstance()
    const random = seeded(7)
    const integer = (limit: number) => Math.floor(random() * limit)
    for (let step = 0; step < 2_000; step++) {
      const existing = instance.state.sessions.get(`sess_${integer(500)}`)
      if (existing === undefined || integer(2) === 0) {
        // Few moments, so that many sessions are of the same one, and some are older than their predecessors.
        const fields = { id: `sess_${step}`, userId: `user_${integer(5)}`, clientId: `client_${integer(5)}` }
        add(instance, integer(20), fields)
      } else save(instance, moment(0), { ...existing, status: "ended" })
    }
    const all = listSessions(instance.state, 20)
    for (let owner = 0; owner < 5; owner++) {
      expect(listSessions(instance.state, 20, `user_${owner}`)).toEqual(
        all.filter(({ userId }) => userId === `user_${owner}`)
      )
      expect(listSessions(instance.state, 20, `client_${owner}`)).toEqual(
        all.filter(({ clientId }) => clientId === `client_${owner}`)
      )
    }
    clearState(instance.state)
    expect(listSessions(instance.state, 20, "user_1")).toEqual([])
  })
})
