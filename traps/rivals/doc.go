// Package rivals adapts libraries to the interfaces of package driver. Each is
// configured as its documentation says for the purpose; comments name the place.
package rivals

import "github.com/backstay-go/backstay/traps/driver"

// All returns every implementation, in the order of the columns: ours first,
// the naive port last.
func All() []*driver.Implementation {
	return []*driver.Implementation{
		Backstay(), Failsafe(), Gobreaker(), XTimeRate(), Cenkalti(), Avast(), Retryablehttp(), Aegis(), Naive(),
	}
}
