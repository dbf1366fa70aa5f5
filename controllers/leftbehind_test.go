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

package controllers

import (
	"context"
	"fmt"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

var _ = Describe("Objects in a namespace that is not served", func() {
	var served, other string
	report := func(ctx context.Context, api client.Reader) (lines []string) {
		GinkgoHelper()
		logger := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
		Expect(ReportLeftBehind(log.IntoContext(ctx, logger), api, served)).To(Succeed())
		return lines
	}
	line := func(kind, namespace string) string {
		return fmt.Sprintf(`"kind"=%q "namespace"=%q "objects"=1 "served"=%q`, kind, namespace, served)
	}
	BeforeEach(func(ctx context.Context) {
		for _, namespace := range []*string{&served, &other} {
			var err error
			*namespace, err = env.NewNamespace(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(env.Client.Create(ctx, newCluster(*namespace, "left"))).To(Succeed())
			Expect(env.Client.Create(ctx, newPool(*namespace, "left", "workers"))).To(Succeed())
		}
	})

	It("are logged if the manager may list them", func(ctx context.Context) {
		lines := report(ctx, env.Client)
		Expect(lines).To(ContainElement(ContainSubstring(line("Cluster", other))))
		Expect(lines).To(ContainElement(ContainSubstring(line("NodePool", other))))
		Expect(lines).NotTo(ContainElement(ContainSubstring(fmt.Sprintf(`"namespace"=%q`, served))))
	})
	It("are not looked for without the right", func(ctx context.Context) {
		config, err := env.Manager()
		Expect(err).NotTo(HaveOccurred())
		api, err := client.New(config, client.Options{Scheme: env.Scheme})
		Expect(err).NotTo(HaveOccurred())
		Expect(report(ctx, api)).To(BeEmpty())
	})
})
