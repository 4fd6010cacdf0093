// Which tests run: the usual ones in a few minutes, and with DREAMPIPE_TESTS=all (`npm run test:thorough`)
// the long versions too.

/** Whether the long versions run. */
export const everything = process.env['DREAMPIPE_TESTS'] === 'all'

/** A number for the long version, and for the usual one; says which of the two runs. */
export const rounds = (what: string, long: number, usual: number): number => {
  if (!everything) console.log(`${what}: ${usual} of ${long}; all with npm run test:thorough`)
  return everything ? long : usual
}

/** Whether a suite runs at all that only the long version has; says so where it does not. */
export const isThorough = (suite: string): boolean => {
  if (!everything) console.log(`not run: ${suite}: it runs with npm run test:thorough`)
  return everything
}
