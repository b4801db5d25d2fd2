import type { ClerkHttpService } from "../../services/ClerkHttp.js"

/**
 * What a client may still spend on retries. When Clerk is down, every call would otherwise make three of itself;
 * with an empty budget each makes one. The figures are those AWS's SDKs settled on.
 */
export interface RetryBudget {
  tokens: number
}

const capacity = 500
const costs = { transient: 14, throttled: 5 }
const reward = 1

const budgets = new WeakMap<ClerkHttpService, RetryBudget>()

/** The budget of a client instance, full when it is first asked for. */
export const budgetOf = (http: ClerkHttpService): RetryBudget => {
  let budget = budgets.get(http)
  if (budget === undefined) {
    budget = { tokens: capacity }
    budgets.set(http, budget)
  }
  return budget
}

/** Pays for a retry and gives what it cost, or `undefined` when there is not enough left. */
export const spend = (budget: RetryBudget, throttled: boolean): number | undefined => {
  const cost = throttled ? costs.throttled : costs.transient
  if (budget.tokens < cost) return undefined
  budget.tokens -= cost
  return cost
}

/** A success gives back what its last retry cost, or a little when it needed none. */
export const earn = (budget: RetryBudget, lastCost: number | undefined): void => {
  budget.tokens = Math.min(capacity, budget.tokens + (lastCost ?? reward))
}
