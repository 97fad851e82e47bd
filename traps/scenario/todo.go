package scenario

var limitTraps, bulkheadTraps, clientTraps, middlewareTraps []Trap
