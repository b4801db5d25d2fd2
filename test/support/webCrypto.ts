import { afterAll, beforeAll, expect } from "vitest"
import { backend } from "../../src/core/token/signature.js"

/** A setup file of vitest: the tests of each file run as on a runtime without `node:crypto`. */
const before = { ...backend }

beforeAll(() => {
  Object.assign(before, backend)
  Object.assign(backend, { isChosen: true, node: undefined })
})

afterAll(() => {
  expect(backend.node).toBeUndefined()
  Object.assign(backend, before)
})
