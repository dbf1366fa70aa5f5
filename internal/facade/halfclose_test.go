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

package facade_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// TestHalfClosedConnection has clients close their side once they have sent their request,
// as `nc -N` does. net/http cancels the context of such a request while the server still
// works on it: the authorizer takes longer, and fails if its context is done.
func TestHalfClosedConnection(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) {
		o.Authorizer = authorizer.AuthorizerFunc(func(ctx context.Context, _ authorizer.Attributes) (authorizer.Decision, string, error) {
			select {
			case <-ctx.Done():
				return authorizer.DecisionNoOpinion, "", ctx.Err()
			case <-time.After(300 * time.Millisecond): // a shorter time only makes the test weaker
				return authorizer.DecisionAllow, "", nil
			}
		})
	})
	body := fmt.Sprintf(`{"name":%q,"spec":{}}`, uniqueName(t))
	for request, want := range map[string]int{
		"GET " + api + "/clusters HTTP/1.1\r\nHost: x\r\n\r\n": http.StatusOK,
		fmt.Sprintf("POST %s/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", api, len(body), body): http.StatusCreated,
	} {
		conn := dial(t, server)
		send(t, conn, request)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%.8q is answered %s, want %d", request, response.Status, want)
		}
	}
}
