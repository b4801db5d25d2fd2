import * as Either from "effect/Either"
import { RuleBreak } from "../input.js"

export const defaultMaxResponseBytes = 8 * 1024 * 1024

export const checkMaxResponseBytes = (bytes: unknown): Either.Either<number, RuleBreak> =>
  typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 1
    ? Either.right(bytes)
    : Either.left(new RuleBreak("maxResponseBytes", "must be a whole number of bytes, at least 1"))
