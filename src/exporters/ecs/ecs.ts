/**
 * Amazon ECS as a CloudFormation template: an Express service for each app that gets requests, on Fargate, with a load balancer and TLS
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-expressgatewayservice.html).
 */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { BY_HAND, LATER, platformLosses, platformRights } from '../containers/losses.ts';
import { healthPath, isAsked, managed } from '../containers/managed.ts';
import { mostInstances, type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { fargateSize } from './fargate.ts';

export function ecs(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options).filter(({ app }) => !app.job);
  const serving = workloads.filter(({ port, app }) => port !== null && app.autostart);
  const losses = [...platformLosses(plan, options, words), ...workloads.flatMap(otherLosses)];
  const head = comment('#', [
    'Written by `hold export ecs`. Push the images of `hold export dockerfile` to ECR, then:',
    `aws cloudformation deploy --template-file ecs.yaml --stack-name ${options.name} --capabilities CAPABILITY_IAM --parameter-overrides ${serving.map((one) => `${idOf(one)}Image=…`).join(' ')}`,
    ...serving.flatMap((one) =>
      one.secrets.map(
        (key) =>
          `Before that: aws ssm put-parameter --type SecureString --name ${parameterName(one, key)} --value file://<a file with the value>`,
      ),
    ),
    ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
  ]);
  const template: Yaml = {
    AWSTemplateFormatVersion: '2010-09-09',
    Parameters: Object.fromEntries(serving.map((one) => [`${idOf(one)}Image`, { Type: 'String' }])),
    Resources: {
      ...roles(serving),
      ...Object.fromEntries(serving.map((one) => [idOf(one), service(one, options)])),
    },
    Outputs: Object.fromEntries(
      serving.map((one) => [`${idOf(one)}Endpoint`, { Value: { 'Fn::GetAtt': [idOf(one), 'Endpoint'] } }]),
    ),
  };
  return { files: [{ path: 'ecs.yaml', text: head + yaml(template), mode: 0o644 }], losses };
}

/** Letters and digits only: `web-1` must not be called like `web1`. */
function idOf({ name }: Workload): string {
  return name
    .replaceAll(/-(?=\d)/g, '-no')
    .replaceAll(/(?:^|-)([a-z0-9]?)/g, (_, first: string) => first.toUpperCase());
}

function parameterName({ name }: Workload, key: string): string {
  return `/${name}/${key}`;
}

function arnOf(name: string): Yaml {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
  const start = 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter';
  return { 'Fn::Sub': start + name };
}

function roles(serving: readonly Workload[]): { [key: string]: Yaml } {
  const parameters = serving.flatMap((one) => one.secrets.map((key) => arnOf(parameterName(one, key))));
  return {
    ExecutionRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: assumedBy('ecs-tasks.amazonaws.com'),
        ManagedPolicyArns: [managedPolicy('AmazonECSTaskExecutionRolePolicy')],
        Policies:
          parameters.length === 0
            ? undefined
            : [
                {
                  PolicyName: 'secrets',
                  PolicyDocument: {
                    Version: '2012-10-17',
                    Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameters', Resource: parameters }],
                  },
                },
              ],
      },
    },
    InfrastructureRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: assumedBy('ecs.amazonaws.com'),
        ManagedPolicyArns: [managedPolicy('AmazonECSInfrastructureRoleforExpressGatewayServices')],
      },
    },
  };
}

function assumedBy(service: string): Yaml {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
}

function managedPolicy(name: string): Yaml {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
  return { 'Fn::Sub': `${'arn:${AWS::Partition}:iam::aws:policy/service-role/'}${name}` };
}

function service(workload: Workload, options: ExportOptions): Yaml {
  const { app, name, argv, env, port, secrets } = workload;
  const size = fargateSize(app.rights.cpu, app.memory.hardBytes);
  return {
    Type: 'AWS::ECS::ExpressGatewayService',
    Properties: {
      ServiceName: name,
      ExecutionRoleArn: { 'Fn::GetAtt': ['ExecutionRole', 'Arn'] },
      InfrastructureRoleArn: { 'Fn::GetAtt': ['InfrastructureRole', 'Arn'] },
      Cpu: size ? String(size.cpu) : undefined,
      Memory: size ? String(size.memory) : undefined,
      // It asks for /ping when nothing is said.
      HealthCheckPath: healthPath(app) ?? '/',
      PrimaryContainer: {
        Image: { Ref: `${idOf(workload)}Image` },
        ContainerPort: port ?? 0,
        Command: argv,
        Environment: Object.entries(env).map(([Name, Value]) => ({ Name, Value })),
        Secrets:
          secrets.length === 0
            ? undefined
            : secrets.map((key) => ({ Name: key, ValueFrom: arnOf(parameterName(workload, key)) })),
      },
      ScalingTarget: {
        AutoScalingMetric: 'AVERAGE_CPU',
        AutoScalingTargetValue: 60,
        MinTaskCount: app.instances,
        MaxTaskCount: mostInstances(app, options),
      },
    },
  };
}

function otherLosses({ app, port }: Workload): Loss[] {
  if (port === null)
    return [
      {
        setting: `apps.${app.name}`,
        text: 'it gets no requests, and an Express service is for what gets some: it is not in the file',
      },
    ];
  return healthPath(app) === undefined && app.autostart
    ? [
        {
          setting: `apps.${app.name}.health`,
          text: 'the load balancer asks for "/" to see whether it is well',
        },
      ]
    : [];
}

const words = {
  ...managed({
    sticky: (sticky) =>
      sticky === 'none'
        ? undefined
        : 'an Express service keeps no sessions together: that needs a plain service, with a target group of your own',
    autostart: (autostart) => (autostart ? undefined : 'it is not in the file'),
    health: (health) =>
      health
        ? {
            '': isAsked(health) ? undefined : 'only a path is asked, over HTTP, to see whether it is well',
            every: 'the load balancer has times of its own',
            timeout: 'the load balancer has times of its own',
            failures: 'the load balancer has times of its own',
          }
        : undefined,
    secrets: (secrets) =>
      Object.keys(secrets).length > 0
        ? `Parameter Store brings ${Object.keys(secrets).join(', ')}: no file of this machine is read`
        : undefined,
    job: (job) => (job ? LATER : undefined),
    stop: ({ message, signal, ends }) => ({
      timeout: 'it is killed 30 s after its signal',
      message: message ? `it gets ${signal} instead` : undefined,
      signal: 'the one of its image',
      ends: ends === 'process' ? 'a container ends with its program' : undefined,
    }),
    drainMs: () => 'the load balancer has a time of its own until it lets an old one go',
    memory: ({ softBytes, hardBytes }) => ({
      soft: softBytes === null ? undefined : 'nobody measures its memory',
      hard: hardBytes === null ? undefined : 'Fargate has it in steps',
    }),
    rights: (rights) =>
      platformRights(rights, { cpu: 'Fargate has it in steps', pids: 'it is the platform that limits them' }),
  }),
  migrate: BY_HAND,
};
