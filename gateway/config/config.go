package config

import "github.com/backstay-go/backstay/gate"

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
	// Name is the name of the route in the state, the logs and the errors. If
	// empty, the pattern it matches is used.
	Name string `json:"name,omitempty"`
	// Match says which requests the route takes. If left out, all.
	Match Match `json:"match,omitzero"`
	// Upstream is the name of the upstream. Mandatory.
	Upstream string `json:"upstream"`
	// Policy is the name of the policy. If empty, the default policy is used.
	Policy string `json:"policy,omitempty"`
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

// Fallback is a fixed response.
type Fallback struct {
	// Status is the HTTP status. If zero, 200 is used.
	Status int `json:"status,omitempty"`
	// ContentType is the media type of Body. If empty, it is guessed from Body.
	ContentType string `json:"content_type,omitempty"`
	// Body is sent as it is.
	Body string `json:"body,omitempty"`
}
