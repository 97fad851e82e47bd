package config

import (
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
)

// Config is the whole configuration of a gateway.
type Config struct {
	// Listen is the address the gateway serves on. If empty, 127.0.0.1:8080 is
	// used. Port 0 picks a free one.
	Listen string `json:"listen,omitempty"`
	// Admin is the address of the admin listener, which must be a loopback one,
	// or "off". If empty, 127.0.0.1:9901 is used.
	Admin string `json:"admin,omitempty"`
	// Shutdown says how the gateway stops.
	Shutdown Shutdown `json:"shutdown,omitzero"`
	// Upstream is the short form: the endpoints of the only upstream, which gets
	// every request with the default policy.
	Upstream Endpoints `json:"upstream,omitempty"`
	// Upstreams are the services behind the gateway, by name.
	Upstreams map[string]Upstream `json:"upstreams,omitempty"`
	// Policies are the pipelines that routes run requests through, by name.
	Policies map[string]Policy `json:"policies,omitempty"`
	// Routes say which request goes where. Of those that match a request, the
	// most specific one gets it.
	Routes []Route `json:"routes,omitempty"`
}

// Shutdown says how a gateway stops.
type Shutdown struct {
	// DrainDelay is how long the gateway still accepts requests after it was
	// told to stop, while its readiness says no. If left out, 5s is used; 0s is
	// no delay.
	DrainDelay *Duration `json:"drain_delay,omitempty"`
	// Grace is how long requests under way then have to end. If left out, 25s is
	// used.
	Grace *Duration `json:"grace,omitempty"`
}

// Endpoints are URLs such as http://127.0.0.1:9001. In a file, one URL may stand
// without a list around it.
type Endpoints []string

// decodeShort implements selfDecoder.
func (e *Endpoints) decodeShort(text string) bool {
	*e = Endpoints{text}
	return true
}

func (*Endpoints) shortForm() string { return "a URL, or a list of URLs" }

// Upstream is a service with one or more endpoints.
type Upstream struct {
	// Endpoints are the URLs of the service's instances. Mandatory.
	Endpoints Endpoints `json:"endpoints"`
	// Balance is how requests are spread over the endpoints: round_robin. A retry
	// goes to the next endpoint.
	Balance string `json:"balance,omitempty"`
}

// Route says which requests go to which upstream, and through which policies.
type Route struct {
	// Name is the name of the route in the state, the logs and the errors. If left
	// out, what it matches is used, such as "GET,POST /users/*".
	Name string `json:"name,omitempty"`
	// Match says which requests the route takes. If left out, all.
	Match Match `json:"match,omitzero"`
	// Upstream is the name of the upstream. Mandatory.
	Upstream string `json:"upstream"`
	// Policy is the name of the policy. If empty, the default policy is used.
	Policy string `json:"policy,omitempty"`
	// RateLimit limits how many requests are taken. If left out, nothing does.
	RateLimit *RateLimit `json:"rate_limit,omitempty"`
	// Priority is how much requests matter when not all can be served: sheddable,
	// sheddable_plus, critical or critical_plus. If left out, critical.
	Priority gate.Priority `json:"priority,omitempty"`
	// Fallback is what a client gets when the upstream cannot answer. If left
	// out, an error.
	Fallback *Fallback `json:"fallback,omitempty"`
}

// Match says which requests a route takes. All that is set must match.
type Match struct {
	// Host is the host the client asked for, without a port.
	Host string `json:"host,omitempty"`
	// Path is a path such as /users, or with /* at its end all that is below it.
	Path string `json:"path,omitempty"`
	// Methods are HTTP methods such as GET. GET includes HEAD.
	Methods []string `json:"methods,omitempty"`
}

// RateLimit limits how many requests a route takes, by default of each client.
type RateLimit struct {
	// Rate is how many requests are admitted in the long run, such as 100/s,
	// 1000/h or 5/10s. Mandatory.
	Rate ratelimit.Rate `json:"rate"`
	// Burst is how many requests are admitted at once after a quiet time. If left
	// out, as many as the rate has in its period: 100/s admits a hundred.
	Burst int `json:"burst,omitempty"`
	// Key is what has a limit of its own: client_ip (the address of the
	// connection; IPv6 by networks of 64 bits), header:NAME (the value of a header;
	// requests without it share one limit), or route (all requests together). If
	// left out, client_ip.
	Key string `json:"key,omitempty"`
	// And are up to three more limits; a request is admitted when all allow it.
	And []Quota `json:"and,omitempty"`
	// MaxWait is how long a request may wait for its turn. If left out, requests
	// are refused at once.
	MaxWait Duration `json:"max_wait,omitempty"`
	// MaxKeys is how many keys there is room for that are busy at once; more share
	// limits. If left out, 65536, which takes 1.2 MB.
	MaxKeys int `json:"max_keys,omitempty"`
	// Shadow makes a limit that decides and reports, and refuses nothing.
	Shadow bool `json:"shadow,omitempty"`
}

// Quota is one limit of several.
type Quota struct {
	// Rate is how many requests are admitted in the long run. Mandatory.
	Rate ratelimit.Rate `json:"rate"`
	// Burst is how many are admitted at once. If left out, as many as the rate has
	// in its period.
	Burst int `json:"burst,omitempty"`
}

// Fallback is a fixed response.
type Fallback struct {
	// Status is the HTTP status. If zero, 200 is used.
	Status int `json:"status,omitempty"`
	// ContentType is the media type of Body. If empty, it is guessed from Body.
	ContentType string `json:"content_type,omitempty"`
	// Body is sent as it is.
	Body string `json:"body,omitempty"`
}
