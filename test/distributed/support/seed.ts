/** The seed of the random moments and faults. `FLEET_SEED` repeats a run. Tests name it in their titles. */
export const seed: number = Number(process.env["FLEET_SEED"] ?? Date.now() % 1_000_000_000)
