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

package facade

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// ClientConfig returns a copy of config for requests that are made to answer a REST
// request. The client does not retry them, and the API server's audit log shows the id of
// the REST request. New does the same; the look-ups of a replica need it too.
func ClientConfig(config *rest.Config) *rest.Config {
	return withAuditIDs(withoutRetries(config))
}

// withoutRetries returns a copy of config whose clients do not retry if the API server
// answers with Retry-After. The caller of the REST API gets the answer, and decides
// whether to retry. client-go would wait and retry up to ten times, and these hidden
// requests lower the chances of the next requests.
func withoutRetries(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &refusals{next: next} })
	return config
}

// refusals replaces a response that client-go would retry with a response that contains
// an equivalent Status.
type refusals struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *refusals) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusTooManyRequests && response.StatusCode < http.StatusInternalServerError {
		return response, err
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		return response, nil //nolint:nilerr // without a number of seconds, client-go does not retry
	}
	return refusal(response, seconds)
}

// WrappedRoundTripper gives client-go access to the wrapped RoundTripper.
func (t *refusals) WrappedRoundTripper() http.RoundTripper { return t.next }

// maxRefusalBytes is the maximum number of bytes to read of a refusal; those of the API
// server are short.
const maxRefusalBytes = 64 << 10

func refusal(response *http.Response, seconds int) (*http.Response, error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxRefusalBytes))
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the API server's refusal: %w", err)
	}
	status := metav1.Status{}
	if json.Unmarshal(text, &status) != nil || status.Kind != "Status" { // API Priority and Fairness refuses in plain text
		status = metav1.Status{Message: string(bytes.TrimSpace(text))}
	}
	if status.Details == nil {
		status.Details = &metav1.StatusDetails{}
	}
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	status.Status, status.Code, status.Details.RetryAfterSeconds = metav1.StatusFailure, int32(response.StatusCode), int32(seconds)
	if status.Reason == "" && response.StatusCode == http.StatusTooManyRequests {
		status.Reason = metav1.StatusReasonTooManyRequests
	}
	if text, err = json.Marshal(status); err != nil {
		return nil, fmt.Errorf("write a Status: %w", err)
	}
	response.Header.Del("Retry-After")
	response.Header.Del("Content-Encoding")
	response.Header.Set("Content-Type", "application/json")
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return response, nil
}
