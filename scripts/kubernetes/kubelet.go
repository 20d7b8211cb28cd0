// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	node = "node-1"
	// neverReady, in the name of an image, makes pods whose container crashes at each start.
	neverReady = "never-ready"
)

var address atomic.Uint32

// runKubelet keeps one node on which every pod runs and is ready at once, except those with an image named neverReady.
// What has an address is not touched again, so a test can say otherwise by patching a pod's status.
func runKubelet(ctx context.Context, client kubernetes.Interface) {
	_, err := client.CoreV1().Nodes().Create(ctx, newNode(), metav1.CreateOptions{})
	if err == nil {
		made, err := client.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		must(err)
		made.Spec.Taints = nil // admission adds "not ready"
		_, err = client.CoreV1().Nodes().Update(ctx, made, metav1.UpdateOptions{})
		must(err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	_, err = factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(pod any) { settle(ctx, client, pod.(*corev1.Pod)) },
		UpdateFunc: func(_, pod any) { settle(ctx, client, pod.(*corev1.Pod)) },
	})
	must(err)
	factory.Start(ctx.Done())
}

// settle takes a pod one step on. What goes wrong (it is gone, or was changed meanwhile) comes back as another event.
func settle(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) {
	pods := client.CoreV1().Pods(pod.Namespace)
	switch {
	case pod.DeletionTimestamp != nil:
		_ = pods.Delete(ctx, pod.Name, *metav1.NewDeleteOptions(0))
	case pod.Spec.NodeName == "":
		_ = pods.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID},
			Target:     corev1.ObjectReference{Kind: "Node", Name: node},
		}, metav1.CreateOptions{})
	case pod.Status.PodIP == "":
		running := pod.DeepCopy()
		running.Status = statusOf(pod)
		_, _ = pods.UpdateStatus(ctx, running, metav1.UpdateOptions{})
	}
}

func statusOf(pod *corev1.Pod) corev1.PodStatus {
	now := metav1.Now()
	number := address.Add(1)
	ip := fmt.Sprintf("10.244.%d.%d", number/250%250, number%250+1)
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &now, HostIP: "192.0.2.2", PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
	}
	ready := true
	for _, container := range pod.Spec.Containers {
		crashes := strings.Contains(container.Image, neverReady)
		ready = ready && !crashes
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(container, crashes, now))
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized} {
		status.Conditions = append(status.Conditions, condition(kind, true, now))
	}
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, condition(kind, ready, now))
	}
	return status
}

func containerStatus(container corev1.Container, crashes bool, now metav1.Time) corev1.ContainerStatus {
	started := !crashes
	status := corev1.ContainerStatus{
		Name: container.Name, Image: container.Image, ImageID: "test://" + container.Image, Ready: started, Started: &started,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
	}
	if crashes {
		status.RestartCount = 5
		status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "CrashLoopBackOff", Message: "back-off restarting failed container",
		}}
	}
	return status
}

func condition(kind corev1.PodConditionType, holds bool, now metav1.Time) corev1.PodCondition {
	made := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now}
	if !holds {
		made.Status, made.Reason = corev1.ConditionFalse, "ContainersNotReady"
	}
	return made
}

func newNode() *corev1.Node {
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady"}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node, Labels: map[string]string{"kubernetes.io/hostname": node}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{ready}},
	}
}
