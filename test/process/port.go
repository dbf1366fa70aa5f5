/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package process

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// portsFrom and portsTo bound the ports that FreePort returns. They are below the range
// of ports that Linux uses for outgoing connections. Otherwise such a connection could
// take a port before the program under test does.
const portsFrom, portsTo = 10000, 32000

// taken are the ports that FreePort has returned.
var taken sync.Map

// FreePort returns a port of loopback that is free now. It returns each port only once.
func FreePort() (int, error) {
	for range 1000 {
		port := portsFrom + rand.IntN(portsTo-portsFrom)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, err
		}
		if _, returned := taken.LoadOrStore(port, true); !returned {
			return port, nil
		}
	}
	return 0, errors.New("there is no free port")
}
