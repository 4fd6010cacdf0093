// The calls that a run may spend: counted as the source is asked, in this run and on this day.
import type { Budget } from '../../model/producer.ts'

export interface CountingBudget extends Budget {
  readonly spent: () => number
}

export const budget = (most: number): CountingBudget => {
  let spent = 0
  return {
    left: () => Math.max(0, most - spent),
    spend: (calls) => {
      spent += calls
      return spent < most
    },
    spent: () => spent,
  }
}
