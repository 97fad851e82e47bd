package gatetest

import (
	"testing"
	"testing/synctest"

	"github.com/backstay-go/backstay/gate"
)

// Unlimited is the maxCalls of a gate that refuses no call in its first state,
// such as a closed breaker.
const Unlimited = -1

// Run checks the gates that newGate returns against the contract of package
// gate. The number maxCalls tells how many permits a new gate grants before it
// refuses, when none of them is released and no time passes: the limit of a
// bulkhead, the burst of a rate limit, or [Unlimited].
//
// A gate that stopped admitting calls must admit one again when all its permits
// have been released and an hour has passed, unless maxCalls is 0.
func Run(t *testing.T, maxCalls int, newGate func() gate.Gate) {
	t.Helper()
	for _, check := range checks {
		if check.needsRefusal && maxCalls == Unlimited || check.needsGrant && maxCalls == 0 {
			continue
		}
		t.Run(check.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				check.run(subject{T: t, gate: newGate(), maxCalls: maxCalls})
			})
		})
	}
}

// check is one rule of the contract.
type check struct {
	name         string
	needsRefusal bool // makes no sense for a gate that never refuses
	needsGrant   bool // makes no sense for a gate that never grants
	run          func(subject)
}

var checks = []check{
	{name: "AdmitsMaxCalls", run: admitsMaxCalls},
	{name: "RefusalIsTyped", needsRefusal: true, run: refusalIsTyped},
	{name: "RefusalRunsNothing", needsRefusal: true, run: refusalRunsNothing},
	{name: "RefusalDoesNotAllocate", needsRefusal: true, run: refusalDoesNotAllocate},
	{name: "WaitEndsWithContext", needsRefusal: true, run: waitEndsWithContext},
	{name: "WaitEndsAtDeadline", needsRefusal: true, run: waitEndsAtDeadline},
	{name: "PermitSurvivesPanic", needsGrant: true, run: permitSurvivesPanic},
	{name: "PermitSurvivesGoexit", needsGrant: true, run: permitSurvivesGoexit},
	{name: "IgnoredOutcomesStarveNothing", needsGrant: true, run: ignoredOutcomesStarveNothing},
	{name: "ReleasedElsewhere", needsGrant: true, run: releasedElsewhere},
	{name: "LateReadings", needsGrant: true, run: lateReadings},
	{name: "Stampede", needsGrant: true, run: stampede},
}
